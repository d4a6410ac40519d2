import type { CommandExecutor } from '#eventing/command-executor.js';
import { randomId } from '#eventing/ids.js';
import type { Actor } from '#kernel/actor.js';
import { LruMap } from '#eventing/lru-map.js';
import { accountKey } from '../../domain/directory.js';
import type { SeenClaims } from '../../domain/directory.js';
import { tellsMore } from '../../domain/sightings/sighting.js';
import type { GroupsSeen, SeeCommand, SightingState } from '../../domain/sightings/sighting.js';
import { personStream } from './sighting-kind.js';

const CAPACITY = 100_000;
/** Writes under way at one time; beyond it a sighting is left to the next request. */
const MAX_WRITING = 100;

export type SightingExecutor = CommandExecutor<SeeCommand, GroupsSeen, SightingState>;

/** Writes down what tokens say of people, behind the requests' back: once an hour, and when it changed. */
export class SightingRecorder {
  private readonly told = new LruMap<string, SeenClaims>(CAPACITY);
  private readonly writing = new Set<Promise<unknown>>();

  constructor(private readonly people: SightingExecutor, private readonly clock: { now(): { readonly closing: string } }, private readonly failed: (error: unknown) => void) {}

  seen({ issuer, subject, roles, groups }: Actor & Omit<SeenClaims, 'at'>): void {
    const account = { issuer, subject };
    const key = accountKey(account);
    const claims: SeenClaims = { at: this.clock.now().closing, roles: [...new Set<string>(roles)].sort(), groups: [...new Set(groups)].sort() };
    const last = this.told.get(key) ?? null;
    if (!tellsMore(last, claims) || this.writing.size >= MAX_WRITING) return;
    this.told.set(key, claims);
    const meta = { commandId: randomId(), keyed: false, actor: account, bodyDigest: null, requestId: null };
    const written = this.people
      .execute({ stream: personStream(account), meta, build: () => ({ account, claims }) })
      .catch((error: unknown) => {
        // Not written: the next request tells it again.
        if (this.told.get(key) === claims) this.told.delete(key);
        this.failed(error);
      })
      .finally(() => this.writing.delete(written));
    this.writing.add(written);
  }

  /** Waits for what is being written; for the end of the process. */
  async flush(): Promise<void> {
    await Promise.all(this.writing);
  }
}
