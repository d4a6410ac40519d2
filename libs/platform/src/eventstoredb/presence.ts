import { ANY, END, jsonEvent, NO_STREAM, START } from '@eventstore/db-client';
import type { ResolvedEvent } from '@eventstore/db-client';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { pause } from '#eventing/pause.js';
import { PRESENCE_SILENT_MS } from '#eventing/presence.port.js';
import type { PresenceBoard, PresenceReport } from '#eventing/presence.port.js';
import type { BoundClient } from './client.js';
import type { ClientRecord } from './event-record.js';
import { APPEND_DEADLINE_MS, DEADLINE_GRACE_MS, FIRST_PAUSE_MS, LAST_PAUSE_MS, PRESENCE_MAX_AGE_S, PRESENCE_MAX_COUNT, PRESENCE_READ } from './limits.js';
import type { Reads } from './reads.js';
import { isTooSlow, readError } from './store-errors.js';
import { PRESENCE_STREAM } from './stream-names.js';
import { within } from './within.js';

const TYPE = 'presence-reported';
const KINDS: readonly unknown[] = ['api', 'worker', 'signer'];

/** @returns undefined for what is no report */
const reportOf = ({ type, data }: ClientRecord): PresenceReport | undefined => {
  if (type !== TYPE || typeof data !== 'object' || data === null) return undefined;
  const { kind, name, incarnation, down, at } = data as Partial<Record<keyof PresenceReport, unknown>>;
  const whole = KINDS.includes(kind) && typeof name === 'string' && typeof incarnation === 'string' && (down === null || typeof down === 'string') && typeof at === 'string';
  return whole ? (data as PresenceReport) : undefined;
};

/** Reports in a stream of the adapter's own, which the server keeps short. */
export class EventStoreDBPresence implements PresenceBoard {
  #kept = false;

  /** @param now the wall clock, ms */
  constructor(
    private readonly client: () => BoundClient,
    private readonly reads: Reads,
    private readonly now: () => number = Date.now,
  ) {}

  async report(report: PresenceReport): Promise<void> {
    const client = this.client();
    try {
      await client.ready();
      if (!this.#kept) await this.#keepShort(client);
      await within(APPEND_DEADLINE_MS + DEADLINE_GRACE_MS, client.appendToStream(PRESENCE_STREAM, jsonEvent({ type: TYPE, data: { ...report } }), { expectedRevision: ANY, deadline: APPEND_DEADLINE_MS, requiresLeader: true }));
    } catch (error) {
      throw readError(error);
    }
  }

  async follow(heard: (report: PresenceReport) => void, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#followOnce((report) => {
          failures = 0;
          heard(report);
        }, signal);
      } catch {
        failures += 1;
        await pause(Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)), signal);
      }
    }
  }

  /** Reports are of no use once they are old: nobody scavenges by hand what tells who lived last year. */
  async #keepShort(client: BoundClient): Promise<void> {
    const options = { requiresLeader: true, deadline: APPEND_DEADLINE_MS };
    const metadata = await this.reads.streamPage(`$$${PRESENCE_STREAM}`, END, 1, true);
    if (metadata.length === 0) await within(APPEND_DEADLINE_MS + DEADLINE_GRACE_MS, client.setStreamMetadata(PRESENCE_STREAM, { maxAge: PRESENCE_MAX_AGE_S, maxCount: PRESENCE_MAX_COUNT }, { ...options, expectedRevision: NO_STREAM })).catch(() => undefined);
    this.#kept = true;
  }

  /** What was told lately, then what comes; returns when the signal aborts or the server wants to be asked again. @throws what broke */
  async #followOnce(heard: (report: PresenceReport) => void, signal: AbortSignal): Promise<void> {
    const lately = (await this.reads.streamPage(PRESENCE_STREAM, END, PRESENCE_READ, true)).toReversed();
    if (signal.aborted) return;
    const since = this.now() - PRESENCE_SILENT_MS;
    const tell = (record: ClientRecord): void => {
      const report = reportOf(record);
      if (report !== undefined) heard(report);
    };
    for (const record of lately) if (record.created.getTime() >= since) tell(record);
    const client = this.client();
    await client.ready();
    if (signal.aborted) return;
    const subscription = client.subscribeToStream(PRESENCE_STREAM, { fromRevision: lately.at(-1)?.revision ?? START, requiresLeader: true });
    let end = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        end = resolve;
        signal.addEventListener('abort', end, { once: true });
        subscription.on('data', ({ event }: ResolvedEvent) => {
          try {
            if (event !== undefined) tell(event);
          } catch (error) {
            reject(error instanceof Error ? error : new Error('a listener failed'));
          }
        });
        subscription.on('error', (error) => (isTooSlow(error) ? resolve() : reject(error)));
        subscription.on('end', () => reject(new StoreUnavailableError('the event store ended the subscription')));
      });
    } finally {
      signal.removeEventListener('abort', end);
      subscription.unsubscribe().catch(() => undefined);
      subscription.destroy();
    }
  }
}
