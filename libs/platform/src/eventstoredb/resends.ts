import { OutcomeUnknownError } from '#eventing/event-store.port.js';
import { pause } from '#eventing/pause.js';
import { REMEMBERED_APPENDS, RESEND_GAP_MS } from './limits.js';
import { within } from './within.js';

interface Sent {
  /** Resolves when the client let go of the call. */
  readonly ended: Promise<void>;
  /** undefined while it is under way. */
  endedAt: number | undefined;
}

/** The right to send one append; nobody else sends an identical one meanwhile. */
export interface Turn {
  /** An identical append was sent before, and its outcome is not known. */
  readonly resent: boolean;
  /** The outcome is known. */
  known(): void;
  /** The outcome stays unknown. The turn ends when the call settles, which may be never. */
  unknown(call: Promise<unknown>): void;
}

/**
 * Keeps identical appends apart: a server that gets the second one while it works on the first may drop either without an answer.
 * Remembers appends under way, and those whose outcome stayed unknown until they are sent again.
 */
export class Resends {
  readonly #sent = new Map<string, Sent>();

  /**
   * Waits until an identical append, if there is one, has ended RESEND_GAP_MS ago.
   * @throws OutcomeUnknownError when it does not end in `ms`: it may still be written
   */
  async turn(name: string, ms: number): Promise<Turn> {
    const until = performance.now() + ms;
    const resent = this.#sent.has(name);
    // Looked at again after each wait: who waited for the same end may have gone first.
    for (let before = this.#sent.get(name); before !== undefined; before = this.#sent.get(name)) {
      if (before.endedAt === undefined) {
        await within(until - performance.now(), before.ended).catch(() => {
          throw new OutcomeUnknownError('the same append, sent before, has not ended');
        });
        continue;
      }
      const left = before.endedAt + RESEND_GAP_MS - performance.now();
      if (left <= 0) break;
      await pause(Math.ceil(left));
    }
    return this.#begin(name, resent);
  }

  /** Resolves when none of those under way now is any more. */
  async ended(): Promise<void> {
    await Promise.all([...this.#sent.values()].filter(({ endedAt }) => endedAt === undefined).map(({ ended }) => ended));
  }

  #begin(name: string, resent: boolean): Turn {
    let end = (): void => undefined;
    const sent: Sent = { ended: new Promise((resolve) => (end = resolve)), endedAt: undefined };
    // Last in the order in which they are forgotten.
    this.#sent.delete(name);
    this.#sent.set(name, sent);
    const settled = (): void => {
      sent.endedAt = performance.now();
      end();
    };
    return {
      resent,
      known: () => {
        this.#sent.delete(name);
        settled();
      },
      unknown: (call) => {
        call.then(settled, settled);
        this.#forget();
      },
    };
  }

  /** Whoever sends one of those again is believed at once when the store says that another event stands there. */
  #forget(): void {
    for (const [name, sent] of this.#sent) {
      if (this.#sent.size <= REMEMBERED_APPENDS) return;
      if (sent.endedAt !== undefined) this.#sent.delete(name);
    }
  }
}
