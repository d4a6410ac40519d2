import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Client } from 'pg';
import type { Ledger, LedgerIntent, LedgerSigner } from '#signing/contract.js';
import { startPostgres, type PostgresServer } from '#test/fixtures/postgres.js';
import { openPostgresLedger } from './postgres-ledger.js';
import { startCuttingProxy, type CuttingProxy } from './testing/cutting-proxy.js';

/** One order: intended, and then signed; or given back, as one is whose attempt never came to C_Sign. A cut hits its first write. */
interface Act {
  readonly operation: 0 | 1;
  readonly count: number;
  readonly then: 'sign' | 'give back' | 'give back a part';
  readonly cut: 'before' | 'after' | undefined;
}
/** What one signer does one after the other, beside all others. */
interface Lane {
  readonly by: 0 | 1;
  readonly acts: readonly Act[];
}

const AT_MOST = 12;
const act: fc.Arbitrary<Act> = fc.record({
  operation: fc.constantFrom<0 | 1>(0, 1),
  count: fc.integer({ min: 1, max: 5 }),
  then: fc.constantFrom<Act['then']>('sign', 'give back', 'give back a part'),
  cut: fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom<'before' | 'after'>('before', 'after') }),
});
const lanes: fc.Arbitrary<readonly Lane[]> = fc.array(fc.record({ by: fc.constantFrom<0 | 1>(0, 1), acts: fc.array(act, { minLength: 1, maxLength: 8 }) }), { minLength: 3, maxLength: 6 });

const SIGNERS: readonly [LedgerSigner, LedgerSigner] = [{ name: 'signer-0', incarnation: 'a' }, { name: 'signer-1', incarnation: 'b' }];
let server: PostgresServer;
let proxy: CuttingProxy;
let ledgers: readonly [Ledger, Ledger];
beforeAll(async () => {
  server = await startPostgres({ fsync: true });
  proxy = await startCuttingProxy(server.port);
  const url = server.url.replace(`:${server.port}`, `:${proxy.port}`);
  ledgers = [await openPostgresLedger({ url }), await openPostgresLedger({ url })];
  await Promise.all(ledgers.map((ledger, i) => ledger.claimName(SIGNERS[i === 0 ? 0 : 1])));
});
afterAll(async () => {
  await Promise.all(ledgers.map((l) => l.close()));
  await proxy.end();
  await server.stop();
});

const isUnknown = (error: unknown): boolean => error instanceof Error && error.name === 'LedgerUnavailableError';

/** Sent until it is known that it was done. */
async function known(send: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!isUnknown(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** Sent once. @returns whether its uses may be signed with; where nobody tells, they are given back */
async function intended(ledger: Ledger, send: () => Promise<void>, intent: LedgerIntent): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (error instanceof Error && 'reason' in error && error.reason === 'OVER_GRANT') return false;
    if (!isUnknown(error)) throw error;
    await known(() => ledger.release(intent.signOrderId, intent.count));
    return false;
  }
}

/** Runs all lanes at once. Uses that may be signed with are checked at every moment. @returns them, by operation, when all is over */
async function run(all: readonly Lane[], operations: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const usable = new Map(operations.map((o) => [o, 0]));
  const add = (operation: string, n: number): void => {
    const uses = (usable.get(operation) ?? 0) + n;
    if (uses > AT_MOST) throw new Error(`${uses} uses of ${AT_MOST} may be signed with`);
    usable.set(operation, uses);
  };
  const one = async (by: 0 | 1, { operation: n, count, then, cut }: Act): Promise<void> => {
    const ledger = ledgers[by];
    const operationId = operations[n] ?? '';
    const signOrderId = randomUUID();
    if (cut !== undefined) proxy.cutNext(cut, signOrderId);
    const intent = { signOrderId, operationId, keyId: 'key', count, relied: [{ stream: `operation-${operationId}`, revision: n, hash: 'aa' }] };
    if (!(await intended(ledger, () => ledger.intend(SIGNERS[by], intent, { atMost: AT_MOST }), intent))) return;
    add(operationId, count);
    if (then === 'sign') return known(() => ledger.signatures(signOrderId, Array.from({ length: count }, (_, i) => `s${i}`), { flush: true }));
    const back = then === 'give back' ? count : Math.ceil(count / 2);
    // Nobody signs with them any more before they are counted no more.
    add(operationId, -back);
    await known(() => ledger.release(signOrderId, back));
  };
  await Promise.all(
    all.map(async ({ by, acts }) => {
      for (const each of acts) await one(by, each);
    }),
  );
  return usable;
}

it('rule 16: whatever two signers and their connections do, the uses they may sign with are counted, and never more than approved', async () => {
  await fc.assert(
    fc.asyncProperty(lanes, async (all) => {
      const operations = [randomUUID(), randomUUID()];
      const usable = await run(all, operations);
      const client = new Client({ connectionString: server.url });
      await client.connect();
      const { rows } = await client
        .query<{ readonly operation_id: string; readonly uses: number; readonly sum: number }>(
          'SELECT operation_id, uses::int, (SELECT sum(count - released)::int FROM countersign_ledger.intents i WHERE i.operation_id = s.operation_id) AS sum FROM countersign_ledger.spent s WHERE operation_id = ANY ($1)',
          [operations],
        )
        .finally(() => client.end());
      for (const { operation_id: operation, uses, sum } of rows) {
        expect(uses).toBe(usable.get(operation));
        expect(uses).toBe(sum);
        expect(uses).toBeLessThanOrEqual(AT_MOST);
      }
    }),
    { numRuns: 25 },
  );
}, 60_000);
