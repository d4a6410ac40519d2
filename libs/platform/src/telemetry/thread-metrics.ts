import type { MessagePort } from 'node:worker_threads';
import type { Registry } from 'prom-client';

/** Numbers of one registry as plain data. */
export type Snapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

interface Answer {
  readonly request: number;
  readonly snapshot: Snapshot;
}

/**
 * The numbers of another thread, asked for over a port. A thread that is silent or gone counts with what it said last, less its gauges once it is gone:
 * a counter that falls would look like a restart of the process.
 */
export class ThreadMetrics {
  private last: Snapshot = [];
  private isGone = false;
  private requests = 0;
  private readonly waiting = new Map<number, (answer: Answer | null) => void>();

  constructor(readonly thread: string, private readonly port: MessagePort, private readonly timeoutMs: number) {
    port.on('message', (answer: Answer) => {
      this.last = answer.snapshot;
      this.settle(answer.request, answer);
    });
    port.on('close', () => {
      this.isGone = true;
      // by its name in the snapshot: the enum of the library's types has numbers
      this.last = this.last.filter((metric) => String(metric.type) !== 'gauge');
      for (const request of [...this.waiting.keys()]) this.settle(request, null);
    });
    port.unref();
  }

  async collect(): Promise<{ readonly snapshot: Snapshot; readonly fresh: boolean }> {
    if (this.isGone) return { snapshot: this.last, fresh: true };
    const request = ++this.requests;
    const answer = await new Promise<Answer | null>((resolve) => {
      this.waiting.set(request, resolve);
      setTimeout(() => this.settle(request, null), this.timeoutMs).unref();
      this.port.postMessage(request);
    });
    return { snapshot: this.last, fresh: answer !== null };
  }

  private settle(request: number, answer: Answer | null): void {
    this.waiting.get(request)?.(answer);
    this.waiting.delete(request);
  }
}
