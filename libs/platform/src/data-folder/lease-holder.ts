import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomId } from '#eventing/ids.js';

const FILE = 'lease-holder';

/** Under which name a start of a process holds leases, and under which the one before it did. */
export interface LeaseHolder {
  /** Unique among all processes and their starts. */
  readonly holder: string;
  /** Of the last process in this folder, which is dead: who holds a folder holds it alone. Its leases need not be waited for. Undefined: not known. */
  readonly predecessor: string | undefined;
}

/** @param dir a folder that this process has locked: a second one that is alive would lose its leases */
export function nextLeaseHolder(dir: string, kind: string): LeaseHolder {
  const file = join(dir, FILE);
  const holder = `${kind}-${randomId()}`;
  let predecessor: string | undefined;
  try {
    predecessor = readFileSync(file, 'utf8');
  } catch {
    // The first start here; or it can't be read, and then its leases end by themselves.
  }
  writeFileSync(`${file}.new`, holder, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return { holder, predecessor };
}
