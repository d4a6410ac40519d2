import { NO_STREAM } from '@eventstore/db-client';
import type { AppendResult as ClientResult, JSONEventData } from '@eventstore/db-client';
import { ConflictError, OutcomeUnknownError } from '#eventing/event-store.port.js';
import type { AppendResult, ExpectedRevision, NewEvent, Position, RecordedEvent } from '#eventing/event-store.port.js';
import { pause } from '#eventing/pause.js';
import { checkRevision } from '../embedded-log/wire-codec.js';
import type { BoundClient } from './client.js';
import { encodeEvents } from './event-record.js';
import { APPEND_DEADLINE_MS, ATTEMPT_PAUSE_MS, ATTEMPTS, DEADLINE_GRACE_MS } from './limits.js';
import { positionOf } from './positions.js';
import { Resends } from './resends.js';
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
    await client.ready();
    const turn = await this.#resends.turn(`${stream} ${encoded[0]?.id ?? ''}`, this.deadlineMs);
    for (let attempt = 1; ; attempt += 1) {
      const call = client.appendToStream(stream, encoded, { expectedRevision: expected === 'no-stream' ? NO_STREAM : BigInt(expected), deadline: this.deadlineMs, requiresLeader: true });
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
        if (failure instanceof OutcomeUnknownError) {
          turn.unknown(call);
          throw failure;
        }
        turn.known();
        if (turn.resent && failure instanceof ConflictError) return await this.#found(stream, from, encoded, failure);
        throw failure;
      }
      turn.known();
      return await this.#placed(stream, from, encoded, result);
    }
  }

  /** Resolves when no append of now is under way any more. */
  ended(): Promise<void> {
    return this.#resends.ended();
  }

  /** A conflict after a resend is believed when what stands there is not ours. */
  async #found(stream: string, from: number, sent: readonly JSONEventData[], conflict: ConflictError): Promise<AppendResult> {
    const there = await this.#there(stream, from, sent);
    const last = there?.at(-1);
    if (last === undefined) throw conflict;
    return { revision: last.revision, position: last.position };
  }

  /**
   * A success at another revision than asked for is none: on a deleted stream the server appends at 'no-stream' too, behind what was there,
   * and whoever takes that for a lock at revision 0 may be the second one (rule 1).
   */
  async #placed(stream: string, from: number, sent: readonly JSONEventData[], { nextExpectedRevision, position: told }: ClientResult): Promise<AppendResult> {
    const revision = from + sent.length - 1;
    if (nextExpectedRevision !== BigInt(revision)) throw new OutcomeUnknownError(`${stream}: written up to revision ${nextExpectedRevision} instead of ${revision}: events of this stream were deleted`);
    const position: Position | undefined = positionOf(told) ?? (await this.#there(stream, from, sent))?.at(-1)?.position;
    // The answer to a resend of events that were deleted since has no position.
    if (position === undefined) throw new OutcomeUnknownError(`${stream}: written once, but not there any more`);
    return { revision, position };
  }

  /** The events sent, if they stand where they were to go. What can't be read leaves the outcome unknown. */
  async #there(stream: string, from: number, sent: readonly JSONEventData[]): Promise<readonly RecordedEvent[] | undefined> {
    const there = await this.readBack(stream, from, sent.length).catch(() => {
      throw new OutcomeUnknownError(`${stream}: what was written cannot be read back`);
    });
    return there.length === sent.length && there.every((event, index) => event.id === sent[index]?.id) ? there : undefined;
  }
}
