import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '#platform/worker-entry.js';

const text = readFileSync(join(packageRoot, 'docs/architecture.md'), 'utf8');
const sources = ['libs', 'apps'].flatMap((folder) =>
  readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(spec|int-spec|e2e-spec|deployment-spec)\.ts$|(^|\/)testing\//.test(file))
    .map((file) => readFileSync(join(packageRoot, folder, file), 'utf8')),
);
const found = (pattern: RegExp): readonly string[] => [...new Set(sources.flatMap((source) => [...source.matchAll(pattern)].map(([, name = '']) => name)))].sort();

describe('docs/architecture.md', () => {
  it('has every stream in its table, and none that there is not', () => {
    const [, streams = ''] = text.split('\n## Streams\n');
    const tabled = [...(streams.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)-/gm)].map(([, name]) => name);
    // Streams of one each are named by a constant, others by a function or a prefix.
    expect(tabled.sort()).toEqual(found(/(?:STREAM = |Stream = .*=> |_PREFIX = )['`]([a-z][A-Za-z]*)-(?:main|\$\{|')/g));
  });

  it('names every context', () => {
    const contexts = readdirSync(join(packageRoot, 'libs'));
    expect([...text.matchAll(/^libs\/(\w+) /gm)].map(([, name]) => name).sort()).toEqual(contexts.sort());
  });
});
