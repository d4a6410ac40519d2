import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { workerEntry } from '#platform/worker-entry.js';

export type Env = Readonly<Record<string, string>>;
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Program {
  /** From the repository's root without extension. */
  readonly entry: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  /** Files that standard output and standard error are added to. */
  readonly out: string;
  readonly err: string;
}

/** One compiled program in a process group of its own, started any number of times. */
export class ServiceProcess {
  private child: ChildProcess | undefined;
  private ended: Promise<Ended> | undefined;

  constructor(readonly name: string, private readonly program: Program) {}

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error(`${this.name} does not run`);
    return this.child.pid;
  }
  /** What it ended with; null while it runs. */
  get end(): number | NodeJS.Signals | null {
    return this.child?.exitCode ?? this.child?.signalCode ?? null;
  }
  get started(): boolean {
    return this.child !== undefined;
  }

  /** @param under a program and its arguments to run it under, such as strace */
  spawn(env: Env, under: readonly string[] = []): void {
    const { entry, args: own = [], cwd, out: outFile, err: errFile } = this.program;
    const [program = process.execPath, ...args] = [...under, process.execPath, workerEntry(entry), ...own];
    const out = openSync(outFile, 'a');
    const err = openSync(errFile, 'a');
    const child = spawn(program, args, { cwd, detached: true, stdio: ['ignore', out, err], env: { PATH: process.env['PATH'] ?? '', ...env } });
    closeSync(out);
    closeSync(err);
    this.child = child;
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    this.ended.catch(() => undefined);
  }

  /** Resolves when the process has ended by itself. */
  exit(): Promise<Ended> {
    return this.ended ?? Promise.reject(new Error(`${this.name} does not run`));
  }
  /** SIGKILL to the whole group. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }
  /** To the whole group: SIGTERM, SIGSTOP, SIGCONT … */
  signal(signal: NodeJS.Signals): void {
    if (this.child?.pid === undefined || this.end !== null) return;
    process.kill(-this.child.pid, signal);
  }
}
