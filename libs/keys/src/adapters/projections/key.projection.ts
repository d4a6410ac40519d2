import type { RecordedEvent } from '#eventing/event-store.port.js';
import { LruMap } from '#eventing/lru-map.js';
import type { Transaction } from '#platform/read-model/database.js';
import { StreamGapError } from '#platform/read-model/projection.js';
import type { Projection, ProjectionBatch } from '#platform/read-model/projection.js';
import { listOfMany, sql } from '#platform/read-model/sql.js';
import { keyKind } from '../../application/key-kind.js';
import type { KeyState } from '../../domain/key/state.js';
import { KEY_PREFIX } from '../../streams.js';
import { keysPart, signingKeyTable } from './key-tables.js';

const KEPT = 1_000;

interface Entry {
  readonly keyId: string;
  readonly state: KeyState;
  readonly revision: number;
}

/** The list of keys. */
export class KeyProjection implements Projection {
  readonly name = 'keys';
  readonly version = `1+${keyKind.snapshotVersion}`;
  readonly tables = keysPart.tables;
  #kept = new LruMap<string, Entry>(KEPT);

  forget(): void {
    this.#kept = new LruMap<string, Entry>(KEPT);
  }

  async begin(events: readonly RecordedEvent[], tx: Transaction): Promise<ProjectionBatch> {
    const entries = new Map<string, Entry>();
    const missing = new Set<string>();
    for (const { stream } of events) {
      const id = keyIdOf(stream);
      if (id === undefined || entries.has(id)) continue;
      const kept = this.#kept.get(id);
      if (kept !== undefined) entries.set(id, kept);
      else missing.add(id);
    }
    for (const entry of await load(tx, [...missing])) entries.set(entry.keyId, entry);
    const touched = new Set<string>();
    return {
      apply: (event) => {
        const keyId = keyIdOf(event.stream);
        if (keyId === undefined) return;
        const entry = entries.get(keyId);
        const known = entry?.revision ?? -1;
        if (event.revision <= known) return;
        if (event.revision !== known + 1) throw new StreamGapError(event, known);
        entries.set(keyId, { keyId, state: keyKind.evolve(entry?.state ?? keyKind.initialState, keyKind.decode(event)), revision: event.revision });
        touched.add(keyId);
      },
      write: async (into) => {
        const changed = [...touched].flatMap((id) => entries.get(id) ?? []);
        await into.upsert(signingKeyTable, changed.map(({ keyId, state, revision }) => ({ keyId, status: state.status, revision, state: JSON.stringify(keyKind.toJson(state)) })));
        for (const entry of changed) this.#kept.set(entry.keyId, entry);
      },
    };
  }
}

const keyIdOf = (stream: string): string | undefined => (stream.startsWith(KEY_PREFIX) ? stream.slice(KEY_PREFIX.length) : undefined);

async function load(tx: Transaction, ids: readonly string[]): Promise<readonly Entry[]> {
  if (ids.length === 0) return [];
  const rows = await tx.query<{ readonly keyId: string; readonly revision: number | string; readonly state: string }>(
    sql`SELECT key_id AS "keyId", revision AS revision, state AS state FROM signing_key WHERE key_id IN ${listOfMany(ids)}`,
  );
  return rows.map((row) => ({ keyId: row.keyId, revision: Number(row.revision), state: keyKind.fromJson(JSON.parse(row.state) as never) }));
}
