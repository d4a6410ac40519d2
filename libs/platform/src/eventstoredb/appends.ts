import { NO_STREAM } from '@eventstore/db-client';
import type { AppendResult as ClientResult, JSONEventData } from '@eventstore/db-client';
import { ConflictError, OutcomeUnknownError } from '#eventing/event-store.port.js';
import type { AppendResult, ExpectedRevision, NewEvent, RecordedEvent } from '#eventing/event-store.port.js';
import { pause } from '#eventing/pause.js';
import { checkRevision } from '../embedded-log/wire-codec.js';
import type { BoundClient } from './client.js';
import { encodeEvents } from './event-record.js';
import { APPEND_DEADLINE_MS, ATTEMPT_PAUSE_MS, ATTEMPTS, DEADLINE_GRACE_MS } from './limits.js';
import { positionOf } from './positions.js';
import { Resends } from './resends.js';
import type { Turn } from './resends.js';
import { appendError, isMisdirected } from './store-errors.js';
import { within } from './within.js';

type ReadBack = (stream: string, from: number, limit: number) => Promise<readonly RecordedEvent[]>;

/** Appends by the classic call, each with a deadline; never an identical one beside another. */
export class Appends {
  readonly #resends = new Resends();

  /** @param readBack from the leader @param deadlineMs shorter in tests */
  constructor(
    private readonly client: () => BoundClient,
    private readonly readBack: ReadBack,
    private readonly deadlineMs: number = APPEND_DEADLINE_MS,
  ) {}

  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    const { encoded, bytes } = encodeEvents(events);
    const from = expected === 'no-stream' ? 0 : checkRevision(expected) + 1;
    const client = this.client();
    const turn = await this.#resends.turn(`${stream} ${encoded[0]?.id ?? ''}`, this.deadlineMs);
    for (let attempt = 1; ; attempt += 1) {
      const call = client.ready().then(() => client.appendToStream(stream, encoded, { expectedRevision: expected === 'no-stream' ? NO_STREAM : BigInt(expected), deadline: this.deadlineMs, requiresLeader: true }));
      let result: ClientResult;
      try {
        result = await within(this.deadlineMs + DEADLINE_GRACE_MS, call);
      } catch (error) {
        // Refused by a node that is not the leader, so not written; the client has turned to the leader that it named.
        if (isMisdirected(error) && attempt < ATTEMPTS) {
          await pause(ATTEMPT_PAUSE_MS);
          continue;
        }
        const failure = appendError(error, stream, expected, bytes);
        // What was not written now may have been written before.
        if (failure instanceof OutcomeUnknownError || (turn.resent && !(failure instanceof ConflictError))) {
          turn.unknown(call);
          throw failure instanceof OutcomeUnknownError ? failure : new OutcomeUnknownError(failure.message);
        }
        if (turn.resent && failure instanceof ConflictError) return await this.#settle(turn, call, () => this.#found(stream, from, encoded, failure));
        turn.known();
        throw failure;
      }
      const revision = from + encoded.length - 1;
      const position = positionOf(result.position);
      if (result.nextExpectedRevision === BigInt(revision) && position !== undefined) {
        turn.known();
        return { revision, position };
      }
      return await this.#settle(turn, call, () => this.#placed(stream, from, encoded, result.nextExpectedRevision));
    }
  }

  /** Resolves when no append of now is under way any more. */
  ended(): Promise<void> {
    return this.#resends.ended();
  }

  /** What is found out by reading leaves the outcome unknown when it can't be read. */
  async #settle(turn: Turn, call: Promise<unknown>, find: () => Promise<AppendResult>): Promise<AppendResult> {
    try {
      const found = await find();
      turn.known();
      return found;
    } catch (error) {
      if (error instanceof OutcomeUnknownError) turn.unknown(call);
      else turn.known();
      throw error;
    }
  }

  /** A conflict after a resend is believed when what stands there is not ours. */
  async #found(stream: string, from: number, sent: readonly JSONEventData[], conflict: ConflictError): Promise<AppendResult> {
    const there = await this.#there(stream, from, sent);
    if (there === undefined) throw conflict;
    return there;
  }

  /**
   * A success at another revision than asked for is none: on a deleted stream the server appends at 'no-stream' too, behind what was there,
   * and whoever takes that for a lock at revision 0 may be the second one (rule 1). One without a position answers a resend.
   */
  async #placed(stream: string, from: number, sent: readonly JSONEventData[], told: bigint): Promise<AppendResult> {
    const revision = from + sent.length - 1;
    if (told !== BigInt(revision)) throw new OutcomeUnknownError(`${stream}: written up to revision ${told} instead of ${revision}: events of this stream were deleted`);
    const there = await this.#there(stream, from, sent);
    if (there === undefined) throw new OutcomeUnknownError(`${stream}: written once, but not there any more`);
    return there;
  }

  /** Where the last of the events stands, if all of them stand where they were to go. */
  async #there(stream: string, from: number, sent: readonly JSONEventData[]): Promise<AppendResult | undefined> {
    const there = await this.readBack(stream, from, sent.length).catch(() => {
      throw new OutcomeUnknownError(`${stream}: what was written cannot be read back`);
    });
    const last = there.at(-1);
    return last !== undefined && there.length === sent.length && there.every((event, index) => event.id === sent[index]?.id) ? { revision: last.revision, position: last.position } : undefined;
  }
}
