import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '#platform/worker-entry.js';

/** Compiles the shim into a folder. @returns the module's path */
export function buildShim(dir: string): string {
  mkdirSync(dir, { recursive: true });
  const module = join(dir, 'pkcs11-shim.so');
  if (!existsSync(module)) {
    const source = join(packageRoot, 'test', 'pkcs11-shim', 'shim.c');
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread', '-o', module, source, '-ldl'], { stdio: 'pipe', timeout: 60_000 });
  }
  return module;
}

export interface Shim {
  readonly module: string;
  readonly env: Readonly<Record<string, string>>;
  /** Replaces all orders, see README.md. */
  order(...lines: readonly string[]): void;
  /** Calls of a function seen so far, in all processes that had this shim. */
  calls(functionName: string): number;
}

/** A compiled shim in front of a module, with its control and log files in the same folder. */
export function createShim(dir: string, behind: string): Shim {
  const module = buildShim(dir);
  const control = join(dir, 'shim.control');
  const log = join(dir, 'shim.calls');
  rmSync(log, { force: true });
  const order = (...lines: readonly string[]): void => {
    writeFileSync(`${control}.new`, `${lines.join('\n')}\n`);
    // Renamed, since a call may read at any moment.
    renameSync(`${control}.new`, control);
  };
  order();
  return {
    module, order, env: { SHIM_MODULE: behind, SHIM_CONTROL: control, SHIM_LOG: log },
    calls: (name) => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter((line) => line.split(' ')[0] === name).length : 0),
  };
}
