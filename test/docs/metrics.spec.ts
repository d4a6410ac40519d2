import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createMetrics } from '#platform/telemetry/create-metrics.js';
import { packageRoot } from '#platform/worker-entry.js';

const DOC = join(packageRoot, 'docs/metrics.md');
const text = readFileSync(DOC, 'utf8');

describe('docs/metrics.md', () => {
  it('names every metric that there is, with its labels and kind, and no other', async () => {
    const documented = [...text.matchAll(/^\| `(countersign_\w+)` \|(.*?)\| (\w+) \|/gm)].map(([, name, , kind]) => `${name} ${kind}`);
    const kinds = [...(await createMetrics({ process: false }).render()).matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, kind]) => `${name} ${kind}`);
    expect(documented.sort()).toEqual(kinds.sort());
  });

  it('asks for metrics that there are', () => {
    const tabled = new Set([...text.matchAll(/^\| `(countersign_\w+)` \|/gm)].map(([, name]) => name));
    for (const [name] of text.matchAll(/countersign_\w+/g)) expect(tabled).toContain(name);
  });

  it('leads to pages that there are', () => {
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)\)/g)) expect([target, existsSync(join(dirname(DOC), target))]).toEqual([target, true]);
  });
});
