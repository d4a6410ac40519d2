import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '#platform/worker-entry.js';

const NAME = /[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*\.v\d+/g;
const namesIn = (text: string): readonly string[] => text.match(NAME) ?? [];

/** Wire names in what is shipped: tests and what they share have made-up ones. */
function typesInCode(): ReadonlySet<string> {
  const sources = ['libs', 'apps'].flatMap((folder) =>
    readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !/\.(spec|int-spec|e2e-spec|deployment-spec)\.ts$|(^|\/)testing\//.test(file))
      .map((file) => readFileSync(join(packageRoot, folder, file), 'utf8')),
  );
  // Quoted: as a type or a value, not as an example in a comment.
  return new Set(sources.flatMap((source) => [...source.matchAll(/'([^'\s]+)'/g)].flatMap(([, text = '']) => namesIn(text).filter((name) => name === text))));
}

describe('docs/events.md', () => {
  const listed = readFileSync(join(packageRoot, 'docs', 'events.md'), 'utf8').split('\n').flatMap((line) => /^\| `([^`]+)` \|/.exec(line)?.[1] ?? []);

  it('lists every type of event once, and none that there is not', () => {
    expect([...listed].sort()).toEqual([...typesInCode()].sort());
  });

  it('names no type elsewhere that it does not list', () => {
    expect(namesIn(readFileSync(join(packageRoot, 'docs', 'events.md'), 'utf8')).filter((name) => !listed.includes(name))).toEqual([]);
  });
});
