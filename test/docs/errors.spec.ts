import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAILURE_STATES } from '#signing/adapters/http/sign-order.schema.js';
import { BLOCKER_CODES, blocker } from '#signing/domain/sign-order/blocker.js';
import { packageRoot } from '#platform/worker-entry.js';

const text = readFileSync(join(packageRoot, 'docs/errors.md'), 'utf8');

/** Code and second column of the table with this head. */
function table(head: string): readonly (readonly [code: string, second: string])[] {
  const [, rows = ''] = text.split(`| ${head} |`);
  return rows.split('\n\n', 1).flatMap((lines) => [...lines.matchAll(/^\| `([A-Z0-9_]+)` \| `([a-z-]+)`.* \| \S.* \| \S.* \|$/gm)].map(([, code = '', second = '']) => [code, second] as const));
}
const sorted = (rows: readonly (readonly [string, string])[]): unknown => [...rows].sort(([a], [b]) => (a < b ? -1 : 1));

// The codes of problems, with their statuses: libs/platform/src/http/problem.spec.ts.
describe('docs/errors.md', () => {
  it('has each code of a failure once, with the state of its order', () => {
    expect(sorted(table('`failure.code` | state | meaning | what to do'))).toEqual(sorted(Object.entries(FAILURE_STATES)));
  });

  it('has each code of a blocker once, with who can clear it as a rule', () => {
    expect(sorted(table('`blockers[].code` | `owner` | meaning | what clears it'))).toEqual(sorted(BLOCKER_CODES.map((code) => [code, blocker(code, '').owner])));
  });
});
