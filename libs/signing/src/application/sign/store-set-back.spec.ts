import { copyOf, ExchangeableStore } from '#eventing/testing/exchangeable-store.js';
import { eventually, SagaWorld } from './testing/saga-world.js';
import type { SignerHandle } from './testing/saga-world.js';

const down = ({ signer }: SignerHandle, wanted: (why: string | undefined) => boolean): Promise<string | undefined> => eventually(() => Promise.resolve(signer.down()), wanted);
const behind = (why: string | undefined): boolean => why?.startsWith('STORE_BEHIND') === true;

describe('a store that comes back with less than it had', () => {
  let world: SagaWorld;
  let store: ExchangeableStore;
  beforeEach(() => {
    world = new SagaWorld();
    store = new ExchangeableStore(world.store);
  });
  afterEach(() => world.stop());
  const events = async (): Promise<number> => (await world.store.readAll({ limit: 1_000 })).length;
  const older = async (count: number): ReturnType<typeof copyOf> => {
    const last = (await world.store.readAll({ limit: count })).at(-1)?.position;
    return copyOf(world.store, ({ position }) => last !== undefined && position <= last);
  };
  const completed = (order: string): Promise<readonly string[]> => eventually(() => world.events(order), (types) => types.includes('completed'));

  /** A signer that has begun behind all that another had finished, and heard of nothing since. */
  const quiet = async (operationId: string): Promise<SignerHandle> => {
    const first = await world.signer('signer-1');
    await completed(await world.order(operationId));
    await eventually(async () => (await first.signer['saveCheckpoint'](), world.ledger.checkpoint('sign-orders')), (checkpoint) => checkpoint !== undefined);
    await first.signer.stop();
    world.restartLedger();
    return world.signer('signer-1', { store });
  };

  it.each(['all that was finished', 'the last event that was finished'])('rules 12 and 17: a signer that has heard nothing since its start finds that the store lacks %s', async (what) => {
    const operationId = await world.operation(5);
    const before = await events();
    const signer = await quiet(operationId);
    expect(signer.signer['orders'].last).toBeUndefined();
    store.exchange(await older(what.startsWith('all') ? before : (await events()) - 1));
    expect(await down(signer, behind)).toMatch(/lacks/);
    await signer.signer['lookAgain']();
    await signer.signer['beat']();
    expect(signer.signer.down()).toMatch(/^STORE_BEHIND/);
  });

  it('rule 12: a signer that has heard nothing since its start goes on when the same store is back', async () => {
    const operationId = await world.operation(5);
    const signer = await quiet(operationId);
    store.exchange(world.store);
    expect(signer.signer.down()).toBeUndefined();
    await down(signer, (why) => why !== undefined);
    await down(signer, (why) => why === undefined);
    await completed(await world.order(operationId));
    expect(signer.hsm.signed).toHaveLength(1);
  });

  it('rule 17: an attempt that waits for what the store has lost is given up, so that the signer can begin anew', async () => {
    const operationId = await world.operation(5);
    const before = await events();
    store.lost = (message) => message.kind === 'events' && message.events.some(({ stream }) => stream.startsWith('signOrder-'));
    const signer = await world.signer('signer-1', { store });
    const order = await world.order(operationId);
    await eventually(() => world.events(order), (types) => types.includes('started'));
    store.lost = () => false;
    store.exchange(await older(before));
    await down(signer, behind);
    await signer.signer.stop();
    expect([signer.hsm.signed, signer.signer.openOrders]).toEqual([[], 1]);
  });
});
