import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Service } from '#test/system/service.js';
import type { ServiceOptions } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';

export interface Hooks {
  /** Replaces all orders, see gates.ts. */
  order(...lines: readonly string[]): void;
  /** Resolves when an order such as `hold signer-1 after append signing.started.v1` has been obeyed so often. */
  obeyed(line: string, times?: number): Promise<void>;
}

/** A service whose signer thread obeys a control file. */
export async function createHookedService(options: ServiceOptions = {}): Promise<{ readonly service: Service; readonly hooks: Hooks }> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-hooks-'));
  const control = join(dir, 'control');
  const log = join(dir, 'log');
  const service = await Service.create({ ...options, entry: 'test/hooks/standalone', env: { ...options.env, HOOKS_CONTROL: control, HOOKS_LOG: log } });
  service.onClose(() => rmSync(dir, { recursive: true, force: true }));
  const count = (line: string): number => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter((one) => one === line).length : 0);
  const order = (...lines: readonly string[]): void => {
    writeFileSync(`${control}.new`, `${lines.join('\n')}\n`);
    // Renamed, since it may be read at any moment.
    renameSync(`${control}.new`, control);
  };
  order();
  return { service, hooks: { order, obeyed: (line, times = 1) => eventually(() => count(line), (n) => n >= times, 15_000).then(() => undefined) } };
}
