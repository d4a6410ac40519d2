import type { QueryRunner } from 'typeorm';
import type { Projection } from '../projection.js';
import { StreamGapError } from '../projection.js';
import { listOf, sql } from '../sql.js';
import { ddl, table } from '../table.js';
import type { ReadModelPart } from '../table.js';

export type StreamCountRow = { readonly stream: string; readonly revision: number; readonly total: bigint };
const streamCountTable = table<StreamCountRow>('stream_count', ['stream'], { stream: 'text', revision: 'bigint', total: 'bigint' });

class CreateStreamCount1700000000001 {
  readonly name = 'CreateStreamCount1700000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE stream_count (stream ${ddl(runner).text} PRIMARY KEY, revision BIGINT NOT NULL, total BIGINT NOT NULL)`);
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE stream_count');
  }
}
export const countingPart: ReadModelPart = { tables: [streamCountTable], migrations: [CreateStreamCount1700000000001] };

/** Adds up `data.add` by stream; can't fold an event whose `data.add` is no number. An event that is applied twice would show. */
export const countingProjection = (hooks: { readonly version?: string; readonly beforeWrite?: () => Promise<void>; readonly afterWrite?: () => Promise<void> } = {}): Projection => ({
  name: 'counting',
  version: hooks.version ?? '1',
  tables: countingPart.tables,
  forget: () => undefined,
  begin: async (events, tx) => {
    const rows = new Map<string, StreamCountRow>();
    const stored = await tx.query<{ stream: string; revision: number | string; total: string }>(
      sql`SELECT stream, revision, CAST(total AS TEXT) AS total FROM stream_count WHERE stream IN ${listOf(events.map((e) => e.stream))}`,
    );
    for (const row of stored) rows.set(row.stream, { ...row, revision: Number(row.revision), total: BigInt(row.total) });
    return {
      apply: ({ stream, revision, data, ...event }) => {
        const known = rows.get(stream) ?? { stream, revision: -1, total: 0n };
        if (revision !== known.revision + 1) throw new StreamGapError({ stream, revision, data, ...event }, known.revision);
        const { add } = data as { add: unknown };
        if (typeof add !== 'number') throw new TypeError('not a number');
        rows.set(stream, { stream, revision, total: known.total + BigInt(add) });
      },
      write: async (into) => {
        await hooks.beforeWrite?.();
        await into.upsert(streamCountTable, [...rows.values()]);
        await hooks.afterWrite?.();
      },
    };
  },
});
