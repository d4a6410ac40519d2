import { Worker } from 'node:worker_threads';
import type { MessagePort, WorkerOptions } from 'node:worker_threads';
import { portsOf } from '#platform/event-store/open-event-store.js';
import { workerEntry } from '#platform/worker-entry.js';
import { SILENT_MS } from './thread-protocol.js';
import type { FromThread, ThreadData, ToThread } from './thread-protocol.js';

/** A thread that could not start; its message is one line. */
export class ThreadStartError extends Error {
  override readonly name = 'ThreadStartError';
}

const START_TIMEOUT_MS = 60_000;
/** A thread's heap for what lives shortly: a third of what Node gives each thread, whatever it does. */
const YOUNG_MB = 16;

/** A worker thread of this process, and what it reported last. */
export class OwnedThread<R> {
  #last: R | undefined;
  #heardAt = 0;
  #ended = false;
  readonly started: Promise<void>;
  /** Resolves when it has ended, in order or not. */
  readonly ended: Promise<void>;
  private readonly worker: Worker;

  constructor(readonly name: string, module: string, data: ThreadData, heard: (report: R) => void = () => undefined, ports: readonly MessagePort[] = []) {
    const options: WorkerOptions = { workerData: data, transferList: [...portsOf(data.store), data.metrics, ...ports], name, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } };
    this.worker = new Worker(workerEntry(module), options);
    let lastError: Error | undefined;
    this.started = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new ThreadStartError(`${name} did not start within ${START_TIMEOUT_MS} ms`)), START_TIMEOUT_MS);
      this.worker.on('message', (message: FromThread<R>) => {
        if (message.kind === 'report') {
          this.#last = message.report;
          this.#heardAt = performance.now();
          heard(message.report);
          return;
        }
        clearTimeout(timer);
        if (message.kind === 'started') resolve();
        else reject(new ThreadStartError(`${name} could not start: ${message.reason}`));
      });
      this.worker.on('error', (error) => (lastError = error instanceof Error ? error : new Error(String(error))));
      this.worker.once('exit', () => {
        clearTimeout(timer);
        reject(new ThreadStartError(`${name} ended: ${lastError?.message ?? 'without a word'}`));
      });
    });
    this.ended = new Promise((resolve) => this.worker.once('exit', () => ((this.#ended = true), resolve())));
    this.started.catch(() => undefined);
  }

  get last(): R | undefined {
    return this.#last;
  }

  /** Why nothing is known of it now; undefined when it reports. */
  silence(): string | undefined {
    if (this.#ended) return `${this.name} has ended`;
    return performance.now() - this.#heardAt > SILENT_MS ? `${this.name} has not reported for ${SILENT_MS / 1000} s` : undefined;
  }

  /** Stops it in order; after `withinMs` it is cut off. */
  async stop(withinMs: number): Promise<void> {
    if (this.#ended) return;
    const message: ToThread = { kind: 'stop' };
    this.worker.postMessage(message);
    const timer = setTimeout(() => void this.worker.terminate(), withinMs);
    await this.ended;
    clearTimeout(timer);
  }
}
