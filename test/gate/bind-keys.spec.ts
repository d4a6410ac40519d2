import { StreamStates } from '#eventing/stream-states.js';
import { DEPLOYMENT } from '#administration/application/testing/chain-world.js';
import { controlPlaneStream } from '#administration/contract.js';
import { keyKind } from '#keys/contract.js';
import { bindKeys } from '#signing/application/bind-keys/bind-keys.process.js';
import { openGate } from '#signing/application/gate/open-gate.js';
import { SPKI, SPKI_SHA256 } from '#signing/application/sign/testing/saga-world.js';
import { GateWorld } from './gate-world.js';

describe('binding key pairs', () => {
  let world: GateWorld;
  beforeEach(async () => {
    world = new GateWorld();
    await world.writePlane(world.planeEvents.filter((e) => e.type !== 'administration.key-bound.v1'));
    await world.saga.registerKey();
  });
  afterEach(() => world.stop());

  /** One sweep of a signer whose token has this pair. @returns what it logged */
  const sweep = async (spki: Uint8Array, name = 'signer-1'): Promise<readonly string[]> => {
    const { store, ledger, clock, trusted, verifier } = world.saga;
    const said: string[] = [];
    const log = (fields: Readonly<Record<string, unknown>>): void => void said.push(fields['error'] instanceof Error ? fields['error'].message : '');
    const gate = await openGate({ store, ledger, clock, trusted, verifier, deployment: DEPLOYMENT, genesis: world.chain.digest, relying: { rpId: 'x', origin: 'https://x' }, log });
    const hsm = { status: () => ({ state: 'ready' as const, tokenSerial: 'serial-1' }), findKeyPair: () => Promise.resolve({ spki, ckaIdHex: 'aa', tokenSerial: 'serial-1' }) };
    await bindKeys({ store, plane: gate.deps.plane, notes: gate.deps.notes, keys: new StreamStates(store, keyKind, { capacity: 10 }), hsm, signer: { name, incarnation: 'i' }, clock: trusted, log });
    return said;
  };
  const bound = async (): Promise<readonly unknown[]> =>
    (await world.saga.store.readStream(controlPlaneStream(DEPLOYMENT), { limit: 100 })).filter((e) => e.type === 'administration.key-bound.v1').map((e) => (e.data as { publicKeySha256: string }).publicKeySha256);

  it('rule 22: tells the control plane the pair that the token holds, once, and the key signs', async () => {
    expect(await sweep(SPKI)).toEqual([]);
    await Promise.all([sweep(SPKI), sweep(SPKI, 'signer-2')]);
    expect(await bound()).toEqual([SPKI_SHA256]);
    await world.start();
    const request = world.request();
    expect((await world.signs(request.operationId, world.stored(request, [world.approval(world.eve, request), world.approval(world.fay, request)]))).type).toBe('signing.completed.v1');
  });

  it('of two signers that bind at once one does', async () => {
    await Promise.all([sweep(SPKI), sweep(SPKI, 'signer-2')]);
    expect(await bound()).toEqual([SPKI_SHA256]);
  });

  it('rule 22: binds nothing that the token does not hold, whatever the key’s stream says', async () => {
    expect(await sweep(Buffer.from('another pair'))).toEqual(['the token holds another pair than the key was registered with']);
    expect(await bound()).toEqual([]);
  });

  it('rule 15: binds no pair that the signers’ ledger knows to be another key’s', async () => {
    await world.saga.ledger.noteOnce('pair', SPKI_SHA256, 'k2');
    expect(await sweep(SPKI)).toEqual(['the signers’ ledger knows another pair of this key, or another key of this pair']);
    expect([await bound(), await world.saga.ledger.note('key', 'k')]).toEqual([[], undefined]);
  });

  it('rule 17: tells a ledger that was lost of the pair that the control plane has and the token holds, and of no other', async () => {
    expect(await sweep(SPKI)).toEqual([]);
    world.saga.memory.notes.clear();
    expect(await sweep(Buffer.from('another pair'))).toEqual(['the token holds another pair than the key was registered with']);
    expect(await world.saga.ledger.note('key', 'k')).toBeUndefined();
    expect(await sweep(SPKI)).toEqual([]);
    expect([await world.saga.ledger.note('key', 'k'), await bound()]).toEqual([SPKI_SHA256, [SPKI_SHA256]]);
  });

  it('rule 21: binds no other pair than the signers’ ledger knows', async () => {
    await world.saga.ledger.noteOnce('key', 'k', 'ab'.repeat(32));
    expect(await sweep(SPKI)).toEqual(['the signers’ ledger knows another pair of this key, or another key of this pair']);
    expect(await bound()).toEqual([]);
  });
});
