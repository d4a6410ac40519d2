import type { EventStore, Position, RecordedEvent } from '#eventing/event-store.port.js';
import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { accountKey, SIGHTING_LASTS_MS } from '../../domain/directory.js';
import type { SeenClaims } from '../../domain/directory.js';
import { decodeSighting, PERSON_PREFIX } from './sighting-kind.js';

/** Accounts that are kept; the one heard of longest ago is forgotten first, and then counts as not seen. */
const CAPACITY = 100_000;
const PAGE = 1_000;

/** What was last seen of each account, as the log tells it: read back for a day at the start, then followed. */
export class Sightings {
  private readonly byAccount = new Map<string, Actor & SeenClaims>();

  /** Older than what is known changes nothing: the log may be read and followed at the same time. */
  follow(event: RecordedEvent): void {
    if (!event.stream.startsWith(PERSON_PREFIX)) return;
    const { data } = decodeSighting(event);
    const key = accountKey(data);
    const known = this.byAccount.get(key);
    if (known !== undefined && known.at > data.at) return;
    this.byAccount.delete(key);
    this.byAccount.set(key, data);
    const [oldest] = this.byAccount.size > CAPACITY ? this.byAccount.keys() : [];
    if (oldest !== undefined) this.byAccount.delete(oldest);
  }

  /** @throws StoreUnavailableError */
  async readBack(store: EventStore, now: Instant): Promise<void> {
    let from: Position | undefined;
    for (;;) {
      const page: readonly RecordedEvent[] = await store.readAll({ direction: 'backward', limit: PAGE, prefixes: [PERSON_PREFIX], ...(from === undefined ? {} : { from }) });
      for (const event of page) this.follow(event);
      const last = page.at(-1);
      if (last === undefined || Date.parse(now) - Date.parse(last.metadata.at) >= SIGHTING_LASTS_MS) return;
      from = last.position;
    }
  }

  /** Undefined: not within a day. */
  seen(account: Actor, now: Instant): SeenClaims | undefined {
    const known = this.byAccount.get(accountKey(account));
    return known === undefined || Date.parse(now) - Date.parse(known.at) >= SIGHTING_LASTS_MS ? undefined : known;
  }

  /** Those seen within a day. */
  accounts(now: Instant): readonly (Actor & SeenClaims)[] {
    return [...this.byAccount.values()].filter((a) => !(Date.parse(now) - Date.parse(a.at) >= SIGHTING_LASTS_MS));
  }
}
