import type { Decider, DomainEvent } from '#kernel/decider.js';
import { appendBatch } from './append-batch.js';
import { CommandQueues } from './command-queues.js';
import type { QueueLimits } from './command-queues.js';
import { BatchDecider } from './decide-batch.js';
import type { Batch, CommandRequest, Executed, Job } from './decide-batch.js';
import { StoreUnavailableError } from './event-store.port.js';
import type { EventStore, NewEvent, Position } from './event-store.port.js';
import { pause } from './pause.js';
import type { StreamStates } from './stream-states.js';
import { StreamTurns } from './stream-turns.js';
import type { TrustedClock } from './trusted-clock.js';

export type { CommandRequest, Executed } from './decide-batch.js';

export interface ExecutorLimits extends QueueLimits {
  /** Commands decided and appended together. */
  readonly batch: number;
  /** Conflicts that a command meets before it is given up as STORE_UNAVAILABLE; an urgent one has only the time. */
  readonly conflicts: number;
  /** How long a command may wait for its turn, among other commands and through conflicts, before it is given up as STORE_UNAVAILABLE, ms. */
  readonly waitMs: number;
  /** How long an append with an unknown outcome is sent again, ms. */
  readonly resendForMs: number;
}
export const EXECUTOR_LIMITS: ExecutorLimits = { waitingPerStream: 2_000, waiting: 10_000, urgentWaiting: 2_000, batch: 200, conflicts: 50, waitMs: 10_000, resendForMs: 8_000 };
/** Conflicts after which an urgent command begins to pause as well. */
const URGENT_TRIES = 10;

class WaitingJob<C, S, E> implements Job<C, S, E> {
  /** Ms of the process's clock. */
  readonly since = performance.now();
  readonly urgent: boolean;
  conflicts = 0;
  resolve: (result: Executed<S, E>) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;
  readonly answer = new Promise<Executed<S, E>>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor(readonly request: CommandRequest<C, S>) {
    this.urgent = request.urgent === true;
  }
}

/**
 * Reads, folds, looks for an earlier answer, decides, appends at the revision it read. Commands that wait for one stream are decided
 * and appended together. A refusal or an "already so" is given from a state that was the leader's after the command came in (rule 13).
 */
export class CommandExecutor<C, E extends DomainEvent, S> {
  private readonly queues: CommandQueues<WaitingJob<C, S, E>>;
  /** Ends the rest that is being taken on a stream. */
  private readonly hurry = new Map<string, () => void>();
  private readonly batches: BatchDecider<C, E, S>;

  constructor(
    private readonly store: EventStore,
    decider: Decider<C, E, S>,
    readonly states: StreamStates<E, S>,
    clock: TrustedClock,
    private readonly observe: { readonly conflict?: () => void; readonly appended?: (events: readonly NewEvent[], stream: string) => void } = {},
    private readonly limits: ExecutorLimits = EXECUTOR_LIMITS,
    private readonly turns: StreamTurns = new StreamTurns(),
  ) {
    this.queues = new CommandQueues(limits);
    this.batches = new BatchDecider(decider, states, clock);
  }

  /** @throws DomainError (refused), StoreUnavailableError, OutcomeUnknownError (it may have been done: ask again with the same commandId) */
  async execute(request: CommandRequest<C, S>): Promise<Executed<S, E>> {
    const { stream } = request;
    const job = new WaitingJob<C, S, E>(request);
    const isNew = this.queues.put(stream, job);
    if (isNew) void this.drain(stream);
    else if (job.urgent) this.hurry.get(stream)?.();
    try {
      return await job.answer;
    } finally {
      this.queues.answered(job);
    }
  }

  /** One loop a stream; ends when nobody waits. Commands that come in the same turn are taken together. */
  private async drain(stream: string): Promise<void> {
    await Promise.resolve();
    while (!this.queues.close(stream)) {
      if (!this.queues.hasUrgent(stream)) await this.rest(stream, this.turns.gap(stream));
      const jobs = this.inTime(this.queues.take(stream, this.limits.batch));
      try {
        if (jobs.length > 0) this.queues.putBack(stream, await this.decideTogether(stream, jobs));
      } catch (error) {
        for (const job of jobs) job.reject(error);
      }
    }
  }

  /** An urgent command that comes ends it. */
  private async rest(stream: string, ms: number): Promise<void> {
    if (ms <= 0) return;
    const ended = new AbortController();
    this.hurry.set(stream, () => ended.abort());
    await pause(ms, ended.signal);
    this.hurry.delete(stream);
  }

  /** Tells those who have waited too long. Only for jobs of which nothing is under way. */
  private inTime(jobs: readonly WaitingJob<C, S, E>[]): WaitingJob<C, S, E>[] {
    const now = performance.now();
    return jobs.filter((job) => {
      if (now - job.since <= this.limits.waitMs && (job.urgent || job.conflicts <= this.limits.conflicts)) return true;
      job.reject(new StoreUnavailableError(`${job.request.stream}: no turn within ${Math.round(now - job.since)} ms and ${job.conflicts} conflicts`));
      return false;
    });
  }

  /** @param jobs those that come after a conflict join them @returns jobs that did not fit into this append */
  private async decideTogether(stream: string, jobs: WaitingJob<C, S, E>[]): Promise<readonly WaitingJob<C, S, E>[]> {
    let began = performance.now();
    // Where others write, what is known here is mostly behind: one look costs less than a conflict and the look after it.
    const known = this.turns.contended(stream) ? undefined : this.states.cached(stream);
    let folded = known ?? (await this.states.refresh(stream));
    let fresh = known === undefined;
    for (let conflicts = 0; ; ) {
      this.turns.seen(stream, folded.revision);
      const batch = await this.batches.decide(stream, jobs, folded);
      if (batch.events.length > 0) {
        const appended = await appendBatch(this.store, stream, folded.revision, batch.events, this.limits.resendForMs);
        if (appended !== 'conflict') return this.answer(stream, batch, appended, performance.now() - began);
        conflicts += 1;
        await this.lost(stream, jobs, conflicts);
        if (jobs.length === 0) return [];
        began = performance.now();
        folded = await this.states.refresh(stream);
        fresh = true;
      } else if (fresh) return this.answer(stream, batch, undefined, 0);
      else {
        const now = await this.states.refresh(stream);
        fresh = true;
        if (now.revision === folded.revision) return this.answer(stream, batch, undefined, 0);
        folded = now;
      }
    }
  }

  /** Another writer was first: nothing of ours is there. Who has waited too long is told, and who came meanwhile is decided with the others. */
  private async lost(stream: string, jobs: WaitingJob<C, S, E>[], conflicts: number): Promise<void> {
    this.observe.conflict?.();
    this.turns.conflict(stream);
    await this.rest(stream, this.turns.pauseAfter(stream, jobs.some((job) => job.urgent) ? conflicts - URGENT_TRIES : conflicts));
    for (const job of jobs) job.conflicts += 1;
    const again = this.inTime(jobs);
    again.push(...this.inTime(this.queues.take(stream, this.limits.batch - again.length)));
    jobs.length = 0;
    jobs.push(...again.filter((job) => job.urgent), ...again.filter((job) => !job.urgent));
  }

  private answer(stream: string, batch: Batch<WaitingJob<C, S, E>, S, E>, position: Position | undefined, tookMs: number): readonly WaitingJob<C, S, E>[] {
    if (position !== undefined) {
      this.states.keep(stream, batch.folded);
      this.turns.appended(stream, batch.folded.revision, tookMs);
      this.observe.appended?.(batch.events, stream);
    }
    for (const { job, answer } of batch.settled) {
      if ('refused' in answer) job.reject(answer.refused);
      else job.resolve({ ...answer, position: answer.events.length > 0 ? position : undefined });
    }
    return batch.left;
  }
}
