import { DomainError } from '#kernel/domain-error.js';
import type { Decider, DomainEvent } from '#kernel/decider.js';
import type { CommandMeta } from './command-meta.js';
import { AppendTooLargeError, MAX_APPEND_BYTES } from './event-store.port.js';
import type { NewEvent, Position } from './event-store.port.js';
import { eventIdOf, randomId } from './ids.js';
import type { EarlierAnswer, Folded, StreamStates } from './stream-states.js';
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
  /** The command at the time at which it is decided, and over the state on which it is: what others of its batch made is in it. */
  readonly build: (now: Now, state: S) => C;
  /**
   * Asked, when given, over the very state at whose revision the events will be appended, before they are decided:
   * 'answered' ends the command as a repetition. Asked again after every conflict (rule 4).
   */
  readonly precheck?: (folded: Folded<S>) => Promise<'answered' | 'new'>;
  /** Goes before all that waits, and leaves other writers no room: what makes room itself, or takes power away. Few, or bounded by who gives them. */
  readonly urgent?: boolean;
}

/** One command that waits for its answer. */
export interface Job<C, S, E> {
  readonly request: CommandRequest<C, S>;
  resolve(result: Executed<S, E>): void;
  reject(error: unknown): void;
}

/** Why a command came to nothing: a DomainError, or what broke while it was decided. Told only when its batch is through, since a conflict decides it again. */
interface Refused {
  readonly refused: unknown;
}
type Answer<S, E> = Omit<Executed<S, E>, 'position'> | Refused;

/** What a batch would come to over one state: events to append, and what each job is told once they are in. */
export interface Batch<J, S, E> {
  readonly events: readonly NewEvent[];
  readonly folded: Folded<S>;
  readonly settled: readonly { readonly job: J; readonly answer: Answer<S, E> }[];
  /** What did not fit into this append. */
  readonly left: readonly J[];
}

/** Leaves room for what a store adds to the JSON of its events. */
const BATCH_BYTES = MAX_APPEND_BYTES - 20_000;

/** Decides commands one after the other, each over what the one before it made. */
export class BatchDecider<C, E extends DomainEvent, S> {
  constructor(
    private readonly decider: Decider<C, E, S>,
    private readonly states: StreamStates<E, S>,
    private readonly clock: TrustedClock,
  ) {}

  /** @throws what a precheck throws */
  async decide<J extends Job<C, S, E>>(stream: string, jobs: readonly J[], start: Folded<S>): Promise<Batch<J, S, E>> {
    const prechecks = await Promise.all(jobs.map(async (job) => job.request.precheck?.(start)));
    const now = this.clock.now();
    const at = this.clock.written();
    const events: NewEvent[] = [];
    const settled: { job: J; answer: Answer<S, E> }[] = [];
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
        const decided = this.decider.decide(build(now, folded.state), folded.state);
        const attempt = randomId();
        const written = decided.map((event, index) => newEvent(event, meta, eventIdOf(meta.commandId, index, attempt), at));
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
  private async repeated(stream: string, meta: CommandMeta, earlier: EarlierAnswer | undefined, folded: Folded<S>): Promise<Answer<S, E>> {
    if (earlier === undefined) return { folded, events: [], repeated: true };
    if (earlier.bodyDigest !== meta.bodyDigest) return { refused: new DomainError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key was used with another body') };
    return { folded: await this.states.at(stream, earlier.revision), events: [], repeated: true };
  }
}

/** With the comma that follows it. */
const sizeOf = (event: NewEvent): number => Buffer.byteLength(JSON.stringify(event)) + 1;

function newEvent(event: DomainEvent, meta: CommandMeta, id: string, at: string): NewEvent {
  const { commandId, actor, bodyDigest, requestId, traceparent } = meta;
  return {
    id,
    type: event.type,
    data: event.data,
    metadata: { commandId, actor: { issuer: actor.issuer, subject: actor.subject }, at, ...(bodyDigest === null ? {} : { bodyDigest }), ...(requestId === null ? {} : { requestId }), ...(traceparent === undefined ? {} : { traceparent }) },
  };
}
