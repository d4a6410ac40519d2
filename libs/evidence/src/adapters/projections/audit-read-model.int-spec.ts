import fc from 'fast-check';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { Page } from '#eventing/page.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { NOBODY_KNOWN } from '#identity/contract.js';
import type { Principal } from '#identity/contract.js';
import { evolveOperation, initialOperation, OperationReaders, operationStream } from '#operations/contract.js';
import type { OperationEvent, OperationState, OperationStates } from '#operations/contract.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { Projector } from '#platform/read-model/projector.js';
import { sql } from '#platform/read-model/sql.js';
import type { Sql } from '#platform/read-model/sql.js';
import { SeededEvents } from '#platform/read-model/testing/seeded-events.js';
import { temporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import { TEST_DATABASES } from '#platform/read-model/testing/test-databases.js';
import type { TemporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import { signOrderStream } from '#signing/contract.js';
import { AuditTrailHandler } from '../../application/audit-trail/audit-trail.handler.js';
import { AuditTrailQuery } from '../../application/audit-trail/audit-trail.query.js';
import type { AuditFilter } from '../../application/audit-trail/audit-trail.query.js';
import { OperationTrailHandler } from '../../application/operation-trail/operation-trail.handler.js';
import { OperationTrailQuery } from '../../application/operation-trail/operation-trail.query.js';
import type { TrailItem } from '../../application/trail-item.js';
import { AuditProjection } from './audit.projection.js';
import { evidencePart } from './audit-tables.js';
import { SqlTrailIndex } from './sql-trail-index.js';

const READERS = new OperationReaders({ known: () => ({ directory: NOBODY_KNOWN, resolve: () => [], mutualWithinDays: 0, sessionNames: () => false }) }, { now: () => ({ closing: '2026-01-01T00:00:00.000Z', opening: '2026-01-01T00:00:00.000Z' }) });

const START = Date.parse('2026-01-01T00:00:00.000Z');
const instant = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();
const nothing: AuditFilter = { type: null, actor: null, keyId: null, from: null, to: null };
const person = (subject: string, roles: Principal['roles'], groups: readonly string[] = []): Principal => ({ issuer: 'i', subject, name: null, claims: {}, roles, groups });

const requested = (operationId: string): OperationEvent => ({
  type: 'operations.requested.v1',
  data: {
    operationId, requestDigest: 'd', requestedBy: { issuer: 'i', subject: 'orderer' }, requestedAt: instant(0), notBefore: instant(0), expiresAt: instant(60), description: 'x', approverContext: null, binding: null,
    keyUsages: [{ keyId: 'k1', algorithm: 'ES256', publicKeySha256: 'ab', maxUsageCount: 1, policy: { type: 'approvers', count: 1, group: 'g', role: 'orderer' } }], personal: { name: null, claims: {}, statement: '{}' },
  },
});

async function pages(limit: number, page: (cursor: string | null) => Promise<Page<TrailItem>>): Promise<readonly TrailItem[]> {
  const items: TrailItem[] = [];
  for (let cursor: string | null = null; ; ) {
    const { items: more, nextCursor }: Page<TrailItem> = await page(cursor);
    items.push(...more);
    if (nextCursor === undefined) return items;
    expect(more).toHaveLength(limit);
    cursor = nextCursor;
  }
}

describe.each(TEST_DATABASES)('the audit trail on %s', (kind) => {
  let model: TemporaryReadModel;
  let store: MemoryEventStore;
  let seeded: SeededEvents;
  beforeEach(async () => {
    model = await temporaryReadModel([evidencePart], kind);
    store = new MemoryEventStore();
    seeded = new SeededEvents(store);
  });
  afterEach(() => model.close());

  const project = async (): Promise<readonly RecordedEvent[]> => {
    const events = await seeded.all();
    const projector = new Projector(model.database, [new AuditProjection()]);
    for (let i = 0; i < events.length; i += 7) await projector.apply(events.slice(i, i + 7), await store.storeId());
    return events;
  };
  const itemOf = (e: RecordedEvent): TrailItem => ({ position: String(e.position), stream: e.stream, revision: String(e.revision), id: e.id, type: e.type, at: e.metadata.at, actor: e.metadata.actor, data: e.data });
  const audit = (filter: Partial<AuditFilter>, limit = 200, from: EventStore = store): Promise<readonly TrailItem[]> =>
    pages(limit, (cursor) => new AuditTrailHandler(new SqlTrailIndex(model.database), from).execute(new AuditTrailQuery({ ...nothing, ...filter }, { limit, cursor })));
  const operations: OperationStates = {
    load: async (operationId) => {
      const events = await store.readStream(operationStream(operationId), { limit: 1_000 });
      const state = events.reduce<OperationState>((s, e) => evolveOperation(s, { type: e.type, data: e.data } as OperationEvent), initialOperation);
      return { state, revision: events.length - 1, eventId: events.at(-1)?.id ?? null, at: null, answers: new Map(), doubts: 0 };
    },
  };
  const trail = (operationId: string, caller = person('orderer', ['orderer']), limit = 200): Promise<readonly TrailItem[]> =>
    pages(limit, (cursor) => new OperationTrailHandler(operations, new SqlTrailIndex(model.database), store, READERS).execute(new OperationTrailQuery(caller, operationId, { limit, cursor })));

  it('answers every combination of filters with what is in the store, newest first, also where the clock went back', async () => {
    const streams = ['operation-1', 'operation-2', 'signOrder-1', 'key-k1', 'keyPair-ab', 'clock-main', 'deployment-main'];
    const types = ['operations.approval-given.v1', 'operations.approval-given.v2', 'operations.approval', 'keys.disabled.v1', 'unheard.of.v9'];
    const actors = [{ issuer: 'https://a', subject: 'ann' }, { issuer: 'https://b', subject: 'ann' }, { issuer: 'https://a', subject: 'https://b#ann' }, { issuer: 'urn:countersign:system', subject: 'expiry' }];
    const seconds = fc.integer({ min: 0, max: 400 });
    const event = fc.record({ stream: fc.constantFrom(...streams), type: fc.constantFrom(...types), keys: fc.subarray(['k1', 'k2']), actor: fc.constantFrom(...actors), at: seconds });
    const nullable = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { freq: 3 });
    const filter = fc.record({
      type: nullable(fc.constantFrom(...types, 'operations.approval-given', 'unheard.of', 'nothing')),
      actor: nullable(fc.constantFrom('ann', 'https://a#ann', 'https://b#ann', 'urn:countersign:system#expiry', 'nobody')),
      keyId: nullable(fc.constantFrom('k1', 'k2', 'k3')),
      from: nullable(seconds.map(instant)),
      to: nullable(seconds.map(instant)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 60, size: 'max' }), fc.array(filter, { minLength: 8, maxLength: 8 }), fc.integer({ min: 1, max: 5 }), async (history, filters, limit) => {
        store = new MemoryEventStore();
        seeded = new SeededEvents(store);
        await new Projector(model.database, [new AuditProjection()]).clear();
        for (const e of history) await seeded.add(e.stream, { type: e.type, data: { settled: e.keys.map((keyId) => ({ keyId })) } }, { at: instant(e.at), actor: e.actor });
        const events = await project();
        for (const f of filters) {
          const expected = events.filter((e) => {
            const { actor: by, at } = e.metadata;
            const keys = (e.data as { settled: readonly { keyId: string }[] }).settled.map((k) => k.keyId);
            const isType = f.type === null || e.type === f.type || e.type.replace(/\.v\d+$/, '') === f.type;
            const isActor = f.actor === null || by.subject === f.actor || `${by.issuer}#${by.subject}` === f.actor;
            return isType && isActor && (f.keyId === null || keys.includes(f.keyId)) && (f.from === null || at >= f.from) && (f.to === null || at < f.to);
          });
          expect(await audit(f, limit)).toEqual([...expected].reverse().map(itemOf));
        }
      }),
      { numRuns: 80 },
    );
  });

  it('takes times of any offset, and refuses what is none', async () => {
    await seeded.add('key-a', { type: 'keys.disabled.v1', data: {} }, { at: instant(0) });
    await project();
    expect(await audit({ from: '2026-01-01T02:00:00+02:00', to: '2026-01-01T02:00:00.001+02:00' })).toHaveLength(1);
    await expect(audit({ from: 'yesterday' })).rejects.toEqual(expect.objectContaining({ code: 'VALIDATION_FAILED', more: { faults: [expect.objectContaining({ path: 'from' })] } }));
    await expect(new SqlTrailIndex(model.database).all(nothing, { limit: 1, cursor: 'none' })).rejects.toEqual(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
  });

  describe('of an operation', () => {
    const order = (id: string, operationId: string): Promise<void> => seeded.add(signOrderStream(id), { type: 'signing.started.v1', data: { operationId, signOrderId: id, keyId: 'k1' } });
    beforeEach(async () => {
      await seeded.add(operationStream('1'), requested('1'));
      await seeded.add(operationStream('2'), requested('2'));
      for (let i = 0; i < 10; i += 1) {
        await order(`a${i}`, '1');
        await order(`b${i}`, '2');
        await seeded.add(operationStream('1'), { type: 'operations.use-refused.v1', data: { by: { issuer: 'i', subject: 's' }, code: 'USAGE_EXHAUSTED', keyId: null, count: 1 } });
      }
      await project();
    });

    it('has its events and those of its sign orders, oldest first', async () => {
      const own = (await seeded.all()).filter((e) => e.stream === 'operation-1' || e.stream.startsWith('signOrder-a'));
      expect(own).toHaveLength(21);
      expect(await trail('1')).toEqual(own.map(itemOf));
      expect(await trail('1', person('orderer', ['orderer']), 4)).toEqual(own.map(itemOf));
    });

    it.each<[string, Principal, string | undefined]>([
      ['its orderer', person('orderer', ['orderer']), undefined],
      ['any approver', person('x', ['approver']), undefined],
      ['any administrator', person('x', ['administrator']), undefined],
      ['any auditor', person('x', ['auditor']), undefined],
      ['whom a policy names', person('x', ['orderer'], ['g']), undefined],
      ['another orderer', person('x', ['orderer']), 'NOT_YOUR_OPERATION'],
      ['the same subject of another issuer', { ...person('orderer', ['orderer']), issuer: 'j' }, 'NOT_YOUR_OPERATION'],
    ])('is for %s', async (_, caller, code) => {
      if (code === undefined) expect(await trail('1', caller)).toHaveLength(21);
      else await expect(trail('1', caller)).rejects.toEqual(expect.objectContaining({ code }));
    });

    it('is not there for an operation that is not', async () => {
      await expect(trail('3')).rejects.toEqual(expect.objectContaining({ code: 'OPERATION_NOT_FOUND' }));
    });

    it.each([
      ["an event's id", "UPDATE audit_event SET event_id = 'x' WHERE stream = 'operation-1'"],
      ["an event's place", "UPDATE audit_event SET revision = revision + 1 WHERE stream = 'operation-1'"],
      ["an event's stream", "UPDATE audit_event SET stream = 'operation-2' WHERE stream = 'operation-1'"],
      ["an event's order", "UPDATE audit_event SET position = position + 1000000 WHERE stream = 'operation-1'"],
      ['whose events they are', "UPDATE audit_event SET operation_id = '1'"],
    ])('shows nothing rather than what was changed in the index: %s', async (_, change) => {
      await model.database.transaction((tx) => tx.run({ texts: [change], values: [] }));
      await expect(trail('1')).rejects.toThrow(StoreUnavailableError);
    });

    it.each<[string, Partial<AuditFilter>, string]>([
      ['type', { type: 'keys.disabled.v1' }, "UPDATE audit_event SET type_name = 'keys.disabled'"],
      ['actor', { actor: 'eve' }, "UPDATE audit_event SET actor_subject = 'eve'"],
      ['key', { keyId: 'k9' }, "UPDATE audit_key SET key_id = 'k9'"],
      ['time', { from: instant(900) }, `UPDATE audit_event SET at = '${instant(950)}'`],
    ])('does not believe the index about the %s of an event', async (name, filter, change) => {
      await model.database.transaction((tx) => tx.run({ texts: [change], values: [] }));
      if (name === 'time') await model.database.transaction((tx) => tx.run(sql`UPDATE audit_minute SET minute = ${instant(950).slice(0, 16)}`));
      await expect(audit(filter)).rejects.toThrow(StoreUnavailableError);
    });

    it('reads neighbouring events together, and streams side by side', async () => {
      const reads: string[] = [];
      let open = 0;
      let most = 0;
      const counting = {
        readStream: async (stream: string, options: { readonly limit: number }) => {
          reads.push(stream);
          open += 1;
          most = Math.max(most, open);
          await new Promise((resolve) => setTimeout(resolve, 2));
          open -= 1;
          return store.readStream(stream, options);
        },
      } as EventStore;
      expect(await audit({}, 200, counting)).toHaveLength(32);
      expect(reads).toHaveLength(22);
      expect(most).toBe(16);
    });
  });

  it('each filter walks an index', async () => {
    const asked: Sql[] = [];
    const index = new SqlTrailIndex({ query: (query: Sql) => (asked.push(query), model.database.query(query)) } as ReadModelDatabase);
    await seeded.add('key-a', { type: 'keys.disabled.v1', data: { keyId: 'a' } }, { at: instant(0) });
    await project();
    const plan = async (filter: Partial<AuditFilter>): Promise<string> => {
      asked.length = 0;
      await index.all({ ...nothing, ...filter }, { limit: 10, cursor: null });
      const query = asked.at(-1);
      return query === undefined ? '' : model.planOfMany(query);
    };
    const sqlite = kind === 'SQLite';
    expect(await plan({ type: 'keys.disabled' })).toMatch(sqlite ? /^SEARCH e USING INDEX audit_event_by_type \(type_name=\?\)$/ : /Index Scan Backward using audit_event_by_type on audit_event e/);
    expect(await plan({ actor: 'ann' })).toMatch(sqlite ? /^SEARCH e USING INDEX audit_event_by_actor \(actor_subject=\?\)$/ : /Index Scan Backward using audit_event_by_actor on audit_event e/);
    expect(await plan({ keyId: 'a' })).toMatch(sqlite ? /^SEARCH k USING PRIMARY KEY \(key_id=\?\)\nSEARCH e USING INTEGER PRIMARY KEY \(rowid=\?\)$/ : /Scan Backward using audit_key_pkey on audit_key k[^]*Index Scan using audit_event_pkey/);
    expect(await plan({ from: instant(0), to: instant(1) })).toMatch(sqlite ? /^SEARCH e USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)$/ : /Index Scan Backward using audit_event_pkey on audit_event e/);
    const inOrder = /SCAN|TEMP B-TREE|Sort|Seq Scan/;
    expect(await plan({ type: 'keys.disabled', actor: 'ann', from: instant(0), to: instant(1) })).not.toMatch(inOrder);
    expect(await plan({ keyId: 'a', type: 'keys.disabled', from: instant(0), to: instant(1) })).not.toMatch(inOrder);
  });
});
