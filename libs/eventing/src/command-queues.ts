import { DomainError } from '#kernel/domain-error.js';

/** How many commands may be under way. Beyond it RATE_LIMITED, and nothing was done. */
export interface QueueLimits {
  /** Waiting for their turn on one stream. */
  readonly waitingPerStream: number;
  /** Not answered yet, for all streams together. */
  readonly waiting: number;
  /** Urgent ones not answered yet, for all streams together: beside the others, so that a flood of orders refuses no revocation. */
  readonly urgentWaiting: number;
}

export interface Queued {
  readonly urgent: boolean;
}

interface Queue<J> {
  /** Those that go first, then the others, each in the order in which they came. */
  readonly urgent: J[];
  readonly others: J[];
}

const tooMany = (): DomainError => new DomainError('RATE_LIMITED', 'too many commands wait for this', { retryAfterSeconds: 1 });

/** The commands that wait, by stream, and how many are not answered yet; bounded. A stream is there from its first command until it is closed by who takes them. */
export class CommandQueues<J extends Queued> {
  private readonly queues = new Map<string, Queue<J>>();
  private others = 0;
  private urgent = 0;

  constructor(private readonly limits: QueueLimits) {}

  /** @returns whether the stream is new here: somebody has to take its commands @throws DomainError RATE_LIMITED */
  put(stream: string, job: J): boolean {
    const there = this.queues.get(stream);
    if (job.urgent ? this.urgent >= this.limits.urgentWaiting : this.others >= this.limits.waiting || (there?.others.length ?? 0) >= this.limits.waitingPerStream) throw tooMany();
    const queue = there ?? { urgent: [], others: [] };
    if (there === undefined) this.queues.set(stream, queue);
    (job.urgent ? queue.urgent : queue.others).push(job);
    if (job.urgent) this.urgent += 1;
    else this.others += 1;
    return there === undefined;
  }

  /** Up to `limit` of them, which wait no longer, and are not answered yet. */
  take(stream: string, limit: number): J[] {
    const queue = this.queues.get(stream);
    if (queue === undefined || limit <= 0) return [];
    const jobs = queue.urgent.splice(0, limit);
    jobs.push(...queue.others.splice(0, limit - jobs.length));
    return jobs;
  }

  /** Taken, and not dealt with: before all others, whatever the limits say. */
  putBack(stream: string, jobs: readonly J[]): void {
    const queue = this.queues.get(stream);
    if (queue === undefined) throw new TypeError('a stream whose commands are taken is open');
    queue.urgent.unshift(...jobs.filter((j) => j.urgent));
    queue.others.unshift(...jobs.filter((j) => !j.urgent));
  }

  /** To be told of each command once, when it is answered. */
  answered(job: J): void {
    if (job.urgent) this.urgent -= 1;
    else this.others -= 1;
  }

  hasUrgent(stream: string): boolean {
    return (this.queues.get(stream)?.urgent.length ?? 0) > 0;
  }

  /** Ends a stream for which nobody waits. @returns false when somebody does */
  close(stream: string): boolean {
    const queue = this.queues.get(stream);
    if (queue !== undefined && queue.urgent.length + queue.others.length > 0) return false;
    this.queues.delete(stream);
    return true;
  }
}
