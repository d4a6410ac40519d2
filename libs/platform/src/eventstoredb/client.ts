import { EventStoreDBClient } from '@eventstore/db-client';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { pause } from '#eventing/pause.js';
import type { Connection } from './connection-string.js';
import { APPEND_DEADLINE_MS, CLOSE_TIMEOUT_MS, CONNECT_TIMEOUT_MS } from './limits.js';
import { within } from './within.js';

/** The client with what it lacks: the classic append only, a bound on finding the leader, an end. */
export class BoundClient extends EventStoreDBClient {
  readonly #discovery: Connection['discovery'];
  #connected = false;
  #ended = false;

  constructor({ settings, channel, user, discovery }: Connection) {
    const options = { defaultDeadline: APPEND_DEADLINE_MS, throwOnAppendFailure: true };
    // Its constructor is declared once for each form.
    if ('endpoint' in settings) super({ ...settings, ...options }, channel, user);
    else if ('endpoints' in settings) super({ ...settings, ...options }, channel, user);
    else super({ ...settings, ...options }, channel, user);
    this.#discovery = discovery;
    // BatchAppend has no deadline and can end the process. The client takes it when the server lists it and a call carries no credentials,
    // which are given once for all here, and by a certificate or not at all elsewhere: so the server is never asked.
    this.supports = () => Promise.resolve(false);
    // Not awaited where it is called: while a cluster has no leader its rejection would end the process.
    const reconnect = this.handleError;
    this.handleError = (client, error) => reconnect(client, error).catch(() => undefined);
  }

  /** It was told to end: what was under way is cut short, and a read that is cut short ends like a whole one. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when a call would be sent, and not wait for the cluster to have a leader. @throws StoreUnavailableError: after CONNECT_TIMEOUT_MS at the latest */
  async ready(): Promise<void> {
    const { attempts, intervalMs } = this.#discovery ?? { attempts: 1, intervalMs: 0 };
    if (this.#discovery === undefined && this.#connected) return;
    const until = performance.now() + CONNECT_TIMEOUT_MS;
    // One try of the client at a time: a longer one could not be ended.
    for (let attempt = 1; !this.#ended; attempt += 1) {
      try {
        await within(until - performance.now(), this.getChannel());
        this.#connected = true;
        return;
      } catch {
        if (attempt >= attempts || performance.now() + intervalMs > until) break;
        await pause(intervalMs);
      }
    }
    throw new StoreUnavailableError(this.#ended ? 'the event store was closed' : 'the event store: no leader was found');
  }

  /** Cancels what is under way and lets the connection go; takes CLOSE_TIMEOUT_MS at most. */
  async end(): Promise<void> {
    this.#ended = true;
    await within(CLOSE_TIMEOUT_MS, this.dispose()).catch(() => undefined);
    if (!this.#connected) return;
    await within(CLOSE_TIMEOUT_MS, this.getChannel().then((channel) => channel.close())).catch(() => undefined);
  }
}
