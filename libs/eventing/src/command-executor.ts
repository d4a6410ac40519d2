import { DomainError } from '#kernel/domain-error.js';
import type { Decider, DomainEvent } from '#kernel/decider.js';
import type { CommandMeta } from './command-meta.js';
import { AppendTooLargeError, ConflictError, MAX_APPEND_BYTES, OutcomeUnknownError, StoreUnavailableError } from './event-store.port.js';
import type { EventStore, NewEvent, Position } from './event-store.port.js';
import { eventIdOf, randomId } from './ids.js';
import { pause } from './pause.js';
import type { Folded, StreamStates } from './stream-states.js';
import type { TrustedClock } from './trusted-clock.js';

type Now = ReturnType<TrustedClock['now']>;

export interface Executed<S, E = DomainEvent> {
  /** The stream right after this command's events (after the earlier answer's, when it was a repetition). */
  readonly folded: Folded<S>;
  /** What this call appended; empty for a repetition and for "already so". */
  readonly events: readonly (E & { readonly id: string })[];
  /** Of the append that these events were part of; undefined when nothing was appended. */
  readonly position: Position | undefined;
  /** The command had been answered before. */
  readonly repeated: boolean;
}

export interface CommandRequest<C, S> {
  readonly stream: string;
  readonly meta: CommandMeta;
  /** The command at the time at which it is decided. */
  readonly build: (now: Now) => C;
  /**
   * Asked, when given, over the very state at whose revision the events will be appended, before they are decided:
   * 'answered' ends the command as a repetition. Asked again after every conflict (rule 4).
   */
  readonly precheck?: (folded: Folded<S>) => Promise<'answered' | 'new'>;
}

export interface ExecutorLimits {
  /** Commands waiting for one stream; beyond it RATE_LIMITED. */
  readonly waitingPerStream: number;
  /** Commands decided and appended together. */
  readonly batch: number;
  /** Conflicts before the command is given up as STORE_UNAVAILABLE. */
  readonly conflicts: number;
  /** How long an append with an unknown outcome is sent again, ms. */
  readonly resendForMs: number;
}
export const EXECUTOR_LIMITS: ExecutorLimits = { waitingPerStream: 2_000, batch: 200, conflicts: 50, resendForMs: 8_000 };
const RESEND_PAUSE_MS = 50;
/** Leaves room for what a store adds to the JSON of its events. */
const BATCH_BYTES = MAX_APPEND_BYTES - 20_000;

interface Job<C, S, E> {
  readonly request: CommandRequest<C, S>;
  resolve(result: Executed<S, E>): void;
  reject(error: unknown): void;
}

/** Why a command came to nothing: a DomainError, or what broke while it was decided. Told only when its batch is through, since a conflict decides it again. */
interface Refused {
  readonly refused: unknown;
}

/** What a batch would come to over one state: events to append, and what each job is told once they are in. */
interface Batch<C, S, E> {
  readonly events: readonly NewEvent[];
  readonly folded: Folded<S>;
  readonly settled: readonly { readonly job: Job<C, S, E>; readonly answer: Omit<Executed<S, E>, 'position'> | Refused }[];
  readonly left: readonly Job<C, S, E>[];
}

/**
 * Reads, folds, looks for an earlier answer, decides, appends at the revision it read. Commands that wait for one stream are decided
 * and appended together. A refusal or an "already so" is given from a state that was the leader's after the command came in (rule 13).
 */
export class CommandExecutor<C, E extends DomainEvent, S> {
  private readonly queues = new Map<string, Job<C, S, E>[]>();

  constructor(
    private readonly store: EventStore,
    private readonly decider: Decider<C, E, S>,
    readonly states: StreamStates<E, S>,
    private readonly clock: TrustedClock,
    private readonly observe: { readonly conflict?: () => void; readonly appended?: (events: readonly NewEvent[]) => void } = {},
    private readonly limits: ExecutorLimits = EXECUTOR_LIMITS,
  ) {}

  /** @throws DomainError (refused), StoreUnavailableError, OutcomeUnknownError (it may have been done: ask again with the same commandId) */
  execute(request: CommandRequest<C, S>): Promise<Executed<S, E>> {
    return new Promise((resolve, reject) => {
      const job = { request, resolve, reject };
      const waiting = this.queues.get(request.stream);
      if (waiting === undefined) {
        this.queues.set(request.stream, [job]);
        void this.drain(request.stream);
      } else if (waiting.length >= this.limits.waitingPerStream) reject(new DomainError('RATE_LIMITED', 'too many commands wait for this', { retryAfterSeconds: 1 }));
      else waiting.push(job);
    });
  }

  /** One loop a stream; ends when nobody waits. Commands that come in the same turn are taken together. */
  private async drain(stream: string): Promise<void> {
    await Promise.resolve();
    for (;;) {
      const queue = this.queues.get(stream) ?? [];
      if (queue.length === 0) {
        this.queues.delete(stream);
        return;
      }
      const jobs = queue.splice(0, this.limits.batch);
      try {
        queue.unshift(...(await this.decideTogether(stream, jobs)));
      } catch (error) {
        for (const job of jobs) job.reject(error);
      }
    }
  }

  /** @returns jobs that did not fit into this append */
  private async decideTogether(stream: string, jobs: readonly Job<C, S, E>[]): Promise<readonly Job<C, S, E>[]> {
    const known = this.states.cached(stream);
    let folded = known ?? (await this.states.refresh(stream));
    let fresh = known === undefined;
    for (let conflicts = 0; ; ) {
      const batch = await this.decideAll(stream, jobs, folded);
      let position: Position | undefined;
      if (batch.events.length > 0) {
        const appended = await this.append(stream, folded, batch.events);
        if (appended === 'conflict') {
          this.observe.conflict?.();
          if (++conflicts > this.limits.conflicts) throw new StoreUnavailableError(`${stream}: ${conflicts} conflicts`);
          if (conflicts > 3) await pause(Math.random() * Math.min(100, 2 ** conflicts));
          folded = await this.states.refresh(stream);
          continue;
        }
        this.states.keep(stream, batch.folded);
        this.observe.appended?.(batch.events);
        position = appended;
      } else if (!fresh) {
        const now = await this.states.refresh(stream);
        fresh = true;
        if (now.revision !== folded.revision) {
          folded = now;
          continue;
        }
      }
      for (const { job, answer } of batch.settled) {
        if ('refused' in answer) job.reject(answer.refused);
        else job.resolve({ ...answer, position: answer.events.length > 0 ? position : undefined });
      }
      return batch.left;
    }
  }

  private async decideAll(stream: string, jobs: readonly Job<C, S, E>[], start: Folded<S>): Promise<Batch<C, S, E>> {
    const prechecks = await Promise.all(jobs.map(async (job) => job.request.precheck?.(start)));
    const now = this.clock.now();
    const events: NewEvent[] = [];
    const settled: { job: Job<C, S, E>; answer: Omit<Executed<S, E>, 'position'> | Refused }[] = [];
    const taken = new Set<string>();
    let folded = start;
    let bytes = 0;
    for (const [i, job] of jobs.entries()) {
      const { meta, build } = job.request;
      // The same command twice in one batch: the second is decided after the first is in the store.
      if (taken.has(meta.commandId)) return { events, folded, settled, left: jobs.slice(i) };
      const earlier = folded.answers.get(meta.commandId);
      if (earlier !== undefined || prechecks[i] === 'answered') {
        settled.push({ job, answer: await this.repeated(stream, meta, earlier, folded) });
        continue;
      }
      try {
        const decided = this.decider.decide(build(now), folded.state);
        const attempt = randomId();
        const written = decided.map((event, index) => newEvent(event, meta, eventIdOf(meta.commandId, index, attempt), now));
        const size = written.reduce((sum, e) => sum + sizeOf(e), 0);
        if (size > BATCH_BYTES) throw new AppendTooLargeError(size);
        if (bytes + size > BATCH_BYTES) return { events, folded, settled, left: jobs.slice(i) };
        bytes += size;
        for (const [index, event] of decided.entries()) {
          const stored = written[index];
          if (stored !== undefined) folded = this.states.next(folded, event, stored);
        }
        events.push(...written);
        if (written.length > 0) taken.add(meta.commandId);
        settled.push({ job, answer: { folded, events: decided.map((e, index) => ({ ...e, id: written[index]?.id ?? '' })), repeated: false } });
      } catch (error) {
        settled.push({ job, answer: { refused: error } });
      }
    }
    return { events, folded, settled, left: [] };
  }

  /** The state that the command was answered with; another body under its key is refused. */
  private async repeated(stream: string, meta: CommandMeta, earlier: { readonly revision: number; readonly bodyDigest: string | null } | undefined, folded: Folded<S>): Promise<Omit<Executed<S, E>, 'position'> | Refused> {
    if (earlier === undefined) return { folded, events: [], repeated: true };
    if (earlier.bodyDigest !== meta.bodyDigest) return { refused: new DomainError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key was used with another body') };
    return { folded: await this.states.at(stream, earlier.revision), events: [], repeated: true };
  }

  /**
   * Sends the identical batch until its outcome is known. After an unknown outcome a conflict is believed only when our ids are not there,
   * and a store that is unavailable tells nothing about what was sent before.
   */
  private async append(stream: string, folded: Folded<S>, events: readonly NewEvent[]): Promise<Position | 'conflict'> {
    const until = performance.now() + this.limits.resendForMs;
    let unknown: OutcomeUnknownError | undefined;
    for (;;) {
      try {
        return await this.appendOnce(stream, folded.revision, events, unknown !== undefined);
      } catch (error) {
        if (error instanceof OutcomeUnknownError) unknown = error;
        else if (unknown === undefined || !(error instanceof StoreUnavailableError)) throw error;
        if (performance.now() > until) throw unknown;
        await pause(RESEND_PAUSE_MS);
      }
    }
  }

  private async appendOnce(stream: string, revision: number, events: readonly NewEvent[], resent: boolean): Promise<Position | 'conflict'> {
    try {
      return (await this.store.append(stream, revision < 0 ? 'no-stream' : revision, events)).position;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      if (!resent) return 'conflict';
      // Appends are atomic: when the first of ours is there, all are.
      const [written] = await this.store.readStream(stream, { from: revision + 1, limit: 1 });
      return written !== undefined && written.id === events[0]?.id ? written.position : 'conflict';
    }
  }
}

/** With the comma that follows it. */
const sizeOf = (event: NewEvent): number => Buffer.byteLength(JSON.stringify(event)) + 1;

function newEvent(event: DomainEvent, meta: CommandMeta, id: string, now: Now): NewEvent {
  const { commandId, actor, bodyDigest, requestId } = meta;
  return {
    id,
    type: event.type,
    data: event.data,
    metadata: { commandId, actor: { issuer: actor.issuer, subject: actor.subject }, at: now.closing, ...(bodyDigest === null ? {} : { bodyDigest }), ...(requestId === null ? {} : { requestId }) },
  };
}
