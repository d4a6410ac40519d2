import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { workerEntry } from '#platform/worker-entry.js';

const STOP_MS = 15_000;
const ERROR_TAIL = 500;

/** Whatever ends this process ends what it started. */
const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export interface BenchProgram {
  readonly name: string;
  /** From the repository's root without extension. */
  readonly entry: string;
  readonly args?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** File that its output is added to. */
  readonly log: string;
}

/** One compiled program that is measured, started any number of times. */
export class BenchProcess {
  private child: ChildProcess | undefined;

  constructor(private readonly program: BenchProgram) {}

  get name(): string {
    return this.program.name;
  }

  start(): void {
    const { entry, args = [], env, log } = this.program;
    const output = openSync(log, 'a');
    const child = spawn(process.execPath, [workerEntry(entry), ...args], { env, stdio: ['ignore', output, output] });
    closeSync(output);
    running.add(child);
    child.once('exit', () => running.delete(child));
    this.child = child;
  }

  /** @throws Error with its last words when it has ended */
  check(): void {
    const { exitCode = null, signalCode = null } = this.child ?? {};
    if (exitCode !== null || signalCode !== null) throw new Error(`${this.name} ended with ${exitCode ?? signalCode}: ${readFileSync(this.program.log, 'utf8').slice(-ERROR_TAIL)}`);
  }

  /** By SIGTERM, and by SIGKILL when that takes too long. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.child?.kill('SIGKILL'), STOP_MS);
    await this.end('SIGTERM');
    clearTimeout(timer);
  }

  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** Bytes of memory it has now, and had at most (proc(5), VmRSS and VmHWM). */
  memory(): { readonly now: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
    return { now: of('VmRSS'), peak: of('VmHWM') };
  }

  /** File handles that are open now: files, sockets, pipes. */
  handles(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  private get pid(): number {
    if (this.child?.pid === undefined) throw new Error(`${this.name} does not run`);
    return this.child.pid;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
}
