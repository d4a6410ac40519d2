import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { HeldLease } from '#eventing/lease.port.js';
import { LeaseLostError } from '#eventing/lease.port.js';
import type { ReadModelDatabase } from './database.js';
import { nextLeaseHolder } from '../data-folder/lease-holder.js';
import { openProcessTables } from './open-read-model.js';
import { openPostgresLeases } from './postgres-leases.js';
import type { PostgresLeases } from './postgres-leases.js';
import { ProcessCheckpoints, processCheckpointPart } from './process-checkpoints.js';
import { sql } from './sql.js';
import { testReadModel } from './testing/test-databases.js';

describe('leases in PostgreSQL', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-leases-'));
  let tables: ReadModelDatabase;
  const opened: PostgresLeases[] = [];
  let first: PostgresLeases;
  let second: PostgresLeases;
  let url = '';
  const open = (holder: string, predecessor?: string): PostgresLeases => {
    const leases = openPostgresLeases(url, { holder, predecessor });
    opened.push(leases);
    return leases;
  };
  beforeAll(async () => {
    const readModel = await testReadModel('PostgreSQL');
    url = readModel.kind === 'postgres' ? readModel.url : '';
    // Several at once make the same tables.
    const made = await Promise.all([1, 2, 3].map(() => openProcessTables({ readModel, dataDir, parts: [processCheckpointPart] })));
    [tables] = made as [ReadModelDatabase];
    await Promise.all(made.slice(1).map((database) => database.close()));
    first = open('first');
    second = open('second');
  });
  afterAll(async () => {
    await Promise.all([...opened, tables].map((o) => o.close()));
    rmSync(dataDir, { recursive: true, force: true });
  });
  let n = 0;
  const fresh = (): string => `lease-${(n += 1)}`;
  const taken = async (leases: PostgresLeases, name: string): Promise<HeldLease> => {
    const lease = await leases.acquire(name);
    if (lease === undefined) throw new Error('not to be had');
    return lease;
  };
  const endsAt = (name: string, fromNowMs: number): Promise<unknown> => tables.query(sql`UPDATE lease SET expires_at = CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) + ${fromNowMs} WHERE name = ${name}`);

  it('are had by one of many that ask at once, the very first time as well', async () => {
    const name = fresh();
    const many = Array.from({ length: 10 }, (_, i) => open(`one of many ${i}`));
    const got = (await Promise.all(many.map((leases) => leases.acquire(name)))).filter((lease) => lease !== undefined);
    expect(got).toEqual([{ name, fence: 1n }]);
  });

  it('of a dead process are had by the next one in its folder at once, with a greater fence, and by nobody else', async () => {
    const name = fresh();
    const folder = mkdtempSync(join(dataDir, 'folder-'));
    const [dead, next] = [nextLeaseHolder(folder, 'worker'), nextLeaseHolder(folder, 'worker')];
    const lease = await taken(open(dead.holder, dead.predecessor), name);
    expect(await open('another', nextLeaseHolder(mkdtempSync(join(dataDir, 'folder-')), 'worker').predecessor).acquire(name)).toBeUndefined();
    const successor = open(next.holder, next.predecessor);
    expect(await taken(successor, name)).toEqual({ name, fence: lease.fence + 1n });
    expect(await first.renew(lease)).toBe(false);
    // Its own it has not twice.
    expect(await successor.acquire(name)).toBeUndefined();
  });

  it('of one who still lives are not had by a copy of its folder, once those of a dead one had ended', async () => {
    const name = fresh();
    const folder = mkdtempSync(join(dataDir, 'folder-'));
    const [living, copy] = [nextLeaseHolder(folder, 'worker'), nextLeaseHolder(folder, 'worker')];
    const late = open(copy.holder, copy.predecessor);
    await taken(open(living.holder, living.predecessor), name);
    const now = jest.spyOn(performance, 'now').mockReturnValue(performance.now() + late.ttlMs);
    try {
      expect(await late.acquire(name)).toBeUndefined();
    } finally {
      now.mockRestore();
    }
  });

  it('are free at once when they are given back, with a greater fence', async () => {
    const name = fresh();
    const lease = await taken(first, name);
    expect(await second.acquire(name)).toBeUndefined();
    await first.release(lease);
    expect(await second.acquire(name)).toEqual({ name, fence: lease.fence + 1n });
    expect(await first.renew(lease)).toBe(false);
    // Nor does giving back what is another's free it.
    await first.release(lease);
    expect(await first.acquire(name)).toBeUndefined();
  });

  it('end by the clock of the database when they are not renewed', async () => {
    const name = fresh();
    const lease = await taken(first, name);
    await endsAt(name, 200);
    expect(await second.acquire(name)).toBeUndefined();
    expect(await first.renew(lease)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await second.acquire(name)).toBeUndefined();
    await endsAt(name, -1);
    expect(await second.acquire(name)).toEqual({ name, fence: lease.fence + 1n });
  });

  it('do not last for ever when the clock of the database goes back', async () => {
    const name = fresh();
    await taken(first, name);
    await endsAt(name, 3_600_000);
    expect(await second.acquire(name)).toBeDefined();
  });

  it('rule 12: who lost its lease saves no checkpoint any more', async () => {
    const name = fresh();
    const lease = await taken(first, name);
    const checkpoints = new ProcessCheckpoints(tables);
    const at = (position: string) => ({ storeId: 's', position, eventId: `e${position}` });
    await checkpoints.save(name, at('5'), lease);
    await first.release(lease);
    const next = await taken(second, name);
    await expect(checkpoints.save(name, at('6'), lease)).rejects.toThrow(LeaseLostError);
    expect(await checkpoints.load(name)).toEqual(at('5'));
    await checkpoints.save(name, at('7'), next);
    expect(await checkpoints.load(name)).toEqual(at('7'));
  });

  it('are taken over only after what was being committed under them', async () => {
    const name = fresh();
    const lease = await taken(first, name);
    const order: string[] = [];
    let release = (): void => undefined;
    const committing = tables.transaction(() => new Promise<void>((resolve) => (release = resolve)), { lease }).then(() => order.push('committed'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await Promise.all([
      first.release(lease).then(() => order.push('given back')),
      new Promise((resolve) => setTimeout(resolve, 200)).then(() => {
        order.push('released');
        release();
      }),
      committing,
    ]);
    expect(order[0]).toBe('released');
    expect(await second.acquire(name)).toBeDefined();
  });
});
