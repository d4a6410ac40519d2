import { createHash } from 'node:crypto';
import { OutcomeUnknownError } from '#eventing/event-store.port.js';
import type { AppendResult } from '#eventing/event-store.port.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { keyPairStream } from '#keys/contract.js';
import { HsmError } from '../ports/hsm.port.js';
import { attemptRegistration, LEFT_TO_OTHERS_MS, REGISTRATION_LIMITS } from './attempt-registration.js';
import { FakeToken, RegistrationBench } from './testing/registration-bench.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('one registration by one signer', () => {
  let bench: RegistrationBench;
  beforeEach(() => {
    bench = new RegistrationBench();
  });

  it('makes the pair, claims it, and tells its public key', async () => {
    const id = await bench.request();
    await bench.signer().catchUp();
    const [pair] = bench.token.pairs;
    const spki = pair?.spki ?? new Uint8Array();
    expect(pair).toMatchObject({ label: 'fw', ckaIdHex: 'aa' });
    expect(await bench.key()).toMatchObject({ status: 'enabled', publicKey: Buffer.from(spki).toString('base64'), publicKeySha256: sha256(spki), ckaIdHex: 'aa', tokenSerial: 'T1' });
    expect((await bench.store.readStream(keyPairStream(sha256(spki)), { limit: 9 })).map((e) => e.data)).toEqual([{ keyId: 'fw', publicKeySha256: sha256(spki) }]);
    expect(await bench.takers(id)).toEqual(['signer-1']);
    const actors = (await bench.store.readAll({ limit: 99 })).slice(1).map((e) => e.metadata.actor.subject);
    expect(new Set(actors)).toEqual(new Set(['signer/signer-1']));
  });

  it('rule 15: claims the pair before it is registered', async () => {
    await bench.request();
    await bench.signer().catchUp();
    expect((await bench.store.readAll({ limit: 99 })).map((e) => e.type)).toEqual(['keys.registration-requested.v1', 'keys.registration-taken.v1', 'keys.pair-claimed.v1', 'keys.registered.v1']);
  });

  it('adopts a pair that is there, by its own CKA_ID', async () => {
    bench.token.add('old', 'beef');
    await bench.request({ adopt: { label: 'old', idHex: null } });
    await bench.signer().catchUp();
    expect(await bench.key()).toMatchObject({ status: 'enabled', ckaIdHex: 'beef' });
    expect(bench.token.pairs.length).toBe(1);
  });

  it('rule 15: a pair that another keyId has is refused, however often it is asked for', async () => {
    bench.token.add('old', 'beef');
    await bench.request({ keyId: 'a', adopt: { label: 'old', idHex: null } });
    const signer = bench.signer();
    await signer.catchUp();
    for (let i = 0; i < 2; i += 1) {
      await bench.request({ keyId: 'b', adopt: { label: null, idHex: 'beef' } });
      await signer.catchUp();
      expect(await bench.key('b')).toMatchObject({ status: 'failed', failure: { code: 'KEY_EXISTS' } });
    }
    expect((await bench.key('a')).status).toBe('enabled');
  });

  it('rule 15: of two keyIds that adopt one pair at once, one gets it', async () => {
    bench.token.add('old', 'beef');
    await bench.request({ keyId: 'a', adopt: { label: 'old', idHex: null } });
    await bench.request({ keyId: 'b', adopt: { label: 'old', idHex: null } });
    await bench.signer().catchUp();
    expect([(await bench.key('a')).status, (await bench.key('b')).status].sort()).toEqual(['enabled', 'failed']);
  });

  it('the same keyId may go on with the pair that it claimed before its registration failed', async () => {
    const { spki } = bench.token.add('old', 'beef');
    await bench.request({ adopt: { label: 'old', idHex: null } });
    await bench.signer().context.streams.claim('earlier', 'fw', sha256(spki));
    bench.token.faults.push(new HsmError('refused', 'KEY_UNPROTECTED', 'x'));
    const signer = bench.signer();
    await signer.catchUp();
    expect((await bench.key()).status).toBe('failed');
    await bench.request({ adopt: { label: 'old', idHex: null } });
    await signer.catchUp();
    expect(await bench.key()).toMatchObject({ status: 'enabled', attempt: 2, ckaIdHex: 'beef' });
  });

  it.each([
    [new HsmError('refused', 'ALGORITHM_UNSUPPORTED', 'x'), 'ALGORITHM_UNSUPPORTED'],
    [new HsmError('refused', 'KEY_MISSING', 'x'), 'PKCS11_KEY_NOT_FOUND'],
    [new HsmError('fatal', 'PIN_INCORRECT', 'x'), 'HSM_UNAVAILABLE'],
  ])('%s fails at once as %s, and claims nothing', async (fault, code) => {
    bench.token.faults.push(fault);
    await bench.request();
    await bench.signer().catchUp();
    expect(await bench.key()).toMatchObject({ status: 'failed', failure: { code } });
    expect(bench.token.calls).toBe(1);
    expect(await bench.events('keyPair-')).toEqual([]);
  });

  it('rides out what may pass', async () => {
    bench.token.faults.push(new HsmError('retryable', 'TOKEN_MISSING', 'x'), new HsmError('unknown', 'UNAVAILABLE', 'x'), new Error('timeout'));
    await bench.request();
    await bench.signer().catchUp();
    expect((await bench.key()).status).toBe('enabled');
    expect(bench.token.calls).toBe(4);
  });

  it('gives up after 30 s of what may pass', async () => {
    expect(REGISTRATION_LIMITS.retryForMs).toBe(30_000);
    const gone = { findKeyPair: () => Promise.reject(new Error('x')), findOrCreateKeyPair: () => {
      bench.token.calls += 1;
      bench.monotonic += 10_000;
      return Promise.reject(new HsmError('retryable', 'TOKEN_MISSING', 'x'));
    } };
    await bench.request();
    await bench.signer({ hsm: gone }).catchUp();
    expect(await bench.key()).toMatchObject({ status: 'failed', failure: { code: 'HSM_UNAVAILABLE' } });
    expect(bench.token.calls).toBe(3);
  });

  it('leaves a registration that has its outcome alone', async () => {
    const registrationId = await bench.request();
    const [event] = await bench.events('key-');
    await bench.signer().catchUp();
    const late = bench.signer({ name: 'signer-2' });
    if (event === undefined) throw new Error('no request');
    expect(await attemptRegistration({ registrationId, position: event.position, requested: event.data as never }, late.context)).toBe('ended');
    expect(await bench.takers(registrationId)).toEqual(['signer-1']);
    expect(bench.token.calls).toBe(1);
  });

  it('rule 1: an append whose answer is lost is sent again as it was, and holds the lock', async () => {
    let sent = 0;
    class Forgetful extends MemoryEventStore {
      override async append(...args: Parameters<MemoryEventStore['append']>): Promise<AppendResult> {
        const appended = await super.append(...args);
        if (!args[0].startsWith('key-') && sent++ % 2 === 0) throw new OutcomeUnknownError('lost');
        return appended;
      }
    }
    bench = new RegistrationBench(new Forgetful());
    const id = await bench.request();
    await bench.signer().catchUp();
    expect((await bench.key()).status).toBe('enabled');
    expect(await bench.takers(id)).toEqual(['signer-1']);
    expect((await bench.events('keyPair-')).length).toBe(1);
    expect(sent).toBe(4);
  });
});

describe('rule 15: a registration between signers', () => {
  let bench: RegistrationBench;
  beforeEach(() => {
    bench = new RegistrationBench();
  });

  it('two race for it: one makes the pair', async () => {
    const id = await bench.request();
    const two = [bench.signer({ name: 'signer-1' }), bench.signer({ name: 'signer-2' })];
    await Promise.all(two.map((s) => s.catchUp()));
    expect((await bench.takers(id)).length).toBe(1);
    expect(bench.token.calls).toBe(1);
    expect((await bench.key()).status).toBe('enabled');
  });

  it('the next incarnation of the same name takes over at once', async () => {
    const id = await bench.request();
    await bench.signer().context.streams.take(id, 'fw');
    await bench.signer({ mayTakeOver: () => Promise.reject(new Error('not asked')) }).catchUp();
    expect(await bench.takers(id)).toEqual(['signer-1', 'signer-1']);
    expect((await bench.key()).status).toBe('enabled');
  });

  it('goes on under the lock that it holds already', async () => {
    const id = await bench.request();
    const signer = bench.signer();
    const lock = await signer.context.streams.take(id, 'fw');
    expect(await signer.context.streams.take(id, 'fw')).toBe(lock);
    await signer.catchUp();
    expect(await bench.takers(id)).toEqual(['signer-1']);
    expect((await bench.key()).status).toBe('enabled');
  });

  it('another signer takes over only from a silent one', async () => {
    const id = await bench.request();
    const gone = bench.signer();
    await gone.context.streams.take(id, 'fw');
    let silent = false;
    const asked: unknown[] = [];
    const other = bench.signer({ name: 'signer-2', mayTakeOver: (...who) => (asked.push(who), Promise.resolve(silent)) });
    await other.catchUp();
    expect(bench.token.calls).toBe(0);
    expect(other.logged).toEqual([]);
    silent = true;
    other.registrations.sweep();
    await other.registrations.idle();
    const asking = [gone.signer.name, gone.signer.incarnation, expect.any(BigInt)];
    expect(asked).toEqual([asking, asking]);
    expect(await bench.takers(id)).toEqual(['signer-1', 'signer-2']);
    expect((await bench.key()).status).toBe('enabled');
  });

  it('rule 18: a pair to be adopted that this token lacks is left to the signers of other tokens', async () => {
    const id = await bench.request({ adopt: { label: 'old', idHex: null } });
    const other = bench.signer({ name: 'signer-2', hsm: new FakeToken(), alone: () => false });
    await other.catchUp();
    expect([await bench.takers(id), (await bench.key()).status]).toEqual([[], 'creating']);
    bench.token.add('old', 'beef');
    await bench.signer({ alone: () => false }).catchUp();
    expect([await bench.takers(id), (await bench.key()).status]).toEqual([['signer-1'], 'enabled']);
  });

  it('rule 18: when no other has brought it in time, it is told that it is missing', async () => {
    await bench.request({ adopt: { label: 'old', idHex: null } });
    const other = bench.signer({ name: 'signer-2', hsm: new FakeToken(), alone: () => false });
    bench.wall += LEFT_TO_OTHERS_MS + 1;
    await other.catchUp();
    expect(await bench.key()).toMatchObject({ status: 'failed', failure: { code: 'PKCS11_KEY_NOT_FOUND' } });
  });

  it('rule 17: nothing is begun while the store lies behind the ledger, and all is taken up afterwards', async () => {
    const id = await bench.request();
    let behind = true;
    const signer = bench.signer({ held: () => behind });
    await signer.catchUp();
    expect([await bench.takers(id), bench.token.calls]).toEqual([[], 0]);
    behind = false;
    signer.registrations.sweep();
    await signer.registrations.idle();
    expect((await bench.key()).status).toBe('enabled');
  });

  it('when it is not known whether a signer is silent, he is not', async () => {
    const id = await bench.request();
    await bench.signer().context.streams.take(id, 'fw');
    const other = bench.signer({ name: 'signer-2', mayTakeOver: () => Promise.reject(new Error('the ledger can not be read')) });
    await other.catchUp();
    expect(await bench.takers(id)).toEqual(['signer-1']);
    expect(other.logged.length).toBe(1);
    expect(bench.token.calls).toBe(0);
  });

  it('two that take over at once: one goes on', async () => {
    const id = await bench.request();
    await bench.signer().context.streams.take(id, 'fw');
    const free = { mayTakeOver: () => Promise.resolve(true) };
    const locks = await Promise.all(['signer-2', 'signer-3'].map((name) => bench.signer({ name, ...free }).context.streams.take(id, 'fw')));
    expect(locks.filter((l) => l !== undefined).length).toBe(1);
    expect((await bench.takers(id)).length).toBe(2);
  });

  it('one that stood still in the token while another took over, says and claims nothing', async () => {
    const id = await bench.request({ adopt: { label: 'old', idHex: null } });
    bench.token.add('old', 'beef');
    let wake = (): void => undefined;
    const asleep = new Promise<void>((r) => (wake = r));
    const stood = bench.signer({ hsm: { findOrCreateKeyPair: () => Promise.reject(new Error('x')), findKeyPair: async () => {
      await asleep;
      return { ckaIdHex: 'dead', spki: Buffer.from('another'), tokenSerial: 'T2' };
    } } });
    const standing = stood.catchUp();
    await new Promise((r) => setImmediate(r));
    // The other one has the lock now, and is at work: neither an outcome nor a claim may come from the first.
    await bench.signer({ name: 'signer-2', mayTakeOver: () => Promise.resolve(true) }).context.streams.take(id, 'fw');
    wake();
    await standing;
    expect((await bench.key()).status).toBe('creating');
    expect(await bench.events('keyPair-')).toEqual([]);
  });

  it('one that wakes up after the end changes nothing, also of a later registration', async () => {
    await bench.request();
    let wake = (): void => undefined;
    const asleep = new Promise<void>((r) => (wake = r));
    const stood = bench.signer({ hsm: { findKeyPair: () => Promise.reject(new Error('x')), findOrCreateKeyPair: async () => {
      await asleep;
      throw new HsmError('refused', 'ALGORITHM_UNSUPPORTED', 'x');
    } } });
    const standing = stood.catchUp();
    await new Promise((r) => setImmediate(r));
    bench.token.faults.push(new HsmError('fatal', 'UNAVAILABLE', 'x'));
    await bench.signer({ name: 'signer-2', mayTakeOver: () => Promise.resolve(true) }).catchUp();
    await bench.request({ ckaIdHex: 'bb' });
    wake();
    await standing;
    expect(await bench.key()).toMatchObject({ status: 'creating', attempt: 2 });
  });
});
