import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { APPLY_ACTS, FOLLOW_ACTS, SETTLE_USES } from '#apps/worker/src/process-managers.js';
import { KEEP_DEADLINES } from '#operations/adapters/projections/sql-deadline-timers.js';
import { EXPIRE_OPERATIONS } from '#operations/adapters/projections/sql-expiry-timers.js';
import { READ_MODEL } from '#platform/read-model/subscription-tables.js';
import { packageRoot } from '#platform/worker-entry.js';

const DIR = join(packageRoot, 'docs/runbooks');
const pages = readdirSync(DIR).filter((name) => name.endsWith('.md') && name !== 'README.md');
const read = (name: string): string => readFileSync(join(DIR, name), 'utf8');
const metrics = new Set([...readFileSync(join(packageRoot, 'docs/metrics.md'), 'utf8').matchAll(/^\| `(countersign_\w+)` \|/gm)].map(([, name]) => name));

describe('docs/runbooks', () => {
  it.each([...pages, 'README.md'])('%s leads to pages that there are', (page) => {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#\s]+)\)/g)) if (!/^https?:/.test(target)) expect([target, existsSync(join(DIR, target))]).toEqual([target, true]);
  });

  it.each(pages)('%s is found from README.md', (page) => {
    expect(read('README.md')).toContain(`](${page})`);
  });

  it.each([...pages, 'README.md'])('%s asks for metrics that there are', (page) => {
    for (const [name] of read(page).matchAll(/countersign_\w+/g)) expect([name, metrics.has(name)]).toEqual([name, true]);
  });

  it.each(['hsm-unavailable.md', 'store-lost.md', 'lag-growing.md', 'outcome-unknown.md', 'disk-full.md', 'store-certificate.md', 'restore-and-backup.md'])('%s says how it is noticed, what to do and what never', (page) => {
    const text = read(page);
    for (const part of [/\*\*Seen:\*\*/, /\*\*Do:\*\*|^## Restore/m, /\*\*Never/]) expect(text).toMatch(part);
  });

  it('lag-growing.md tells of every subscription that is measured what is late', () => {
    const sources = ['apps/api/src/start-api.ts', 'apps/signer/src/signer-instance.ts', 'apps/worker/src/run-worker.ts'].map((file) => readFileSync(join(packageRoot, file), 'utf8')).join('\n');
    const measured = [...sources.matchAll(/metrics\.subscription\('([a-z-]+)'\)/g)].map(([, name]) => name);
    const tabled = [...read('lag-growing.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
    expect(tabled.sort()).toEqual([...measured, READ_MODEL, SETTLE_USES, EXPIRE_OPERATIONS, APPLY_ACTS, FOLLOW_ACTS, KEEP_DEADLINES].sort());
  });

  it('names what the service itself says', () => {
    const says = { 'restore-and-backup.md': ['STORE_BEHIND', '/v1/ledger/acceptances'], 'clock-jump.md': ['was confirmed', 'events were written at'], 'store-certificate.md': ['its certificate has expired'] };
    const sources = ['libs/signing/src/application/sign/signer.ts', 'libs/signing/src/adapters/http/ledger.controller.ts', 'libs/eventing/src/trusted-clock.ts', 'libs/platform/src/eventstoredb/store-errors.ts'].map((file) => readFileSync(join(packageRoot, file), 'utf8')).join('\n');
    for (const [page, texts] of Object.entries(says)) for (const text of texts) expect([text, read(page).includes(text), sources.includes(text)]).toEqual([text, true, true]);
  });
});
