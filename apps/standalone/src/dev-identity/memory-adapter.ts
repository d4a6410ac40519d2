import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

const MAX_ENTRIES = 10_000;

interface Entry {
  readonly model: string;
  readonly id: string;
  readonly payload: AdapterPayload;
  readonly expiresAt: number;
}

/** Sessions, interactions and codes of the development provider, in memory: a restart signs everybody out. Bounded, the oldest go first. */
export function memoryAdapter(now: () => number = Date.now, maxEntries = MAX_ENTRIES): AdapterFactory {
  const entries = new Map<string, Entry>();
  const live = (entry: Entry | undefined): AdapterPayload | undefined => (entry !== undefined && entry.expiresAt > now() ? entry.payload : undefined);
  const firstBy = (model: string, wanted: (payload: AdapterPayload) => boolean): AdapterPayload | undefined => {
    for (const entry of entries.values()) if (entry.model === model && wanted(entry.payload)) return live(entry);
    return undefined;
  };
  const makeRoom = (): void => {
    for (const [key, entry] of entries) {
      if (entries.size <= maxEntries && entry.expiresAt > now()) return;
      entries.delete(key);
    }
  };
  return (model): Adapter => ({
    upsert: (id, payload, expiresInSeconds) => {
      const key = `${model}:${id}`;
      entries.delete(key);
      entries.set(key, { model, id, payload, expiresAt: expiresInSeconds === undefined ? Number.POSITIVE_INFINITY : now() + expiresInSeconds * 1000 });
      makeRoom();
      return Promise.resolve();
    },
    find: (id) => Promise.resolve(live(entries.get(`${model}:${id}`))),
    findByUid: (uid) => Promise.resolve(firstBy(model, (payload) => payload.uid === uid)),
    findByUserCode: (userCode) => Promise.resolve(firstBy(model, (payload) => payload.userCode === userCode)),
    consume: (id) => {
      const payload = live(entries.get(`${model}:${id}`));
      if (payload !== undefined) payload.consumed = Math.floor(now() / 1000);
      return Promise.resolve();
    },
    destroy: (id) => {
      entries.delete(`${model}:${id}`);
      return Promise.resolve();
    },
    revokeByGrantId: (grantId) => {
      for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key);
      return Promise.resolve();
    },
  });
}
