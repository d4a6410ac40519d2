import fc from 'fast-check';
import { followDurably } from '#eventing/durable-subscription.js';
import { HsmError } from '../ports/hsm.port.js';
import { TooManyRegistrationsError } from './key-registrations.process.js';
import { RegistrationBench } from './testing/registration-bench.js';

describe('rule 15: kill during a registration', () => {
  it.each([false, true])('at every step (done before it dies: %p), then start again: one pair, registered once', async (done) => {
    for (let at = 1; ; at += 1) {
      const bench = new RegistrationBench();
      await bench.request();
      const dying = bench.signer({ dies: { at, done } });
      await dying.catchUp();
      const died = dying.life.steps >= at;
      await bench.signer().catchUp();
      expect(await bench.key()).toMatchObject({ status: 'enabled', ckaIdHex: 'aa' });
      expect(bench.token.pairs.length).toBe(1);
      expect((await bench.events('keyPair-')).length).toBe(1);
      expect((await bench.events('key-')).map((e) => e.type)).toEqual(['keys.registration-requested.v1', 'keys.registered.v1']);
      if (!died) {
        expect(at).toBeGreaterThan(8);
        return;
      }
    }
  });

  it('any number of times, over several signers and keys', async () => {
    const death = fc.record({ at: fc.integer({ min: 1, max: 25 }), done: fc.boolean() });
    const start = fc.record({ name: fc.constantFrom('signer-1', 'signer-2', 'signer-3'), dies: death, together: fc.boolean() });
    await fc.assert(fc.asyncProperty(fc.array(start, { maxLength: 6 }), fc.constantFrom(1, 2, 3), async (starts, keys) => {
      const bench = new RegistrationBench();
      bench.token.add('shared', 'beef');
      for (let k = 0; k < keys; k += 1) await bench.request({ keyId: `k${k}`, ckaIdHex: `a${k}` });
      await bench.request({ keyId: 'x', adopt: { label: 'shared', idHex: null } });
      await bench.request({ keyId: 'y', adopt: { label: null, idHex: 'beef' } });
      const alive = new Map<string, Promise<void>>();
      const living = new Set<string>();
      const mayTakeOver = (_: string, incarnation: string): Promise<boolean> => Promise.resolve(!living.has(incarnation));
      const run = async (name: string, dies?: { readonly at: number; readonly done: boolean }): Promise<void> => {
        // A name is held by one incarnation at a time, as the ledger sees to.
        await alive.get(name);
        const process = bench.signer({ name, mayTakeOver, ...(dies === undefined ? {} : { dies }) });
        living.add(process.signer.incarnation);
        const ran = process.catchUp().then(() => {
          living.delete(process.signer.incarnation);
        });
        alive.set(name, ran);
        await ran;
      };
      const running: Promise<void>[] = [];
      for (const s of starts) {
        const ran = run(s.name, s.dies);
        if (s.together) running.push(ran);
        else await ran;
      }
      await Promise.all(running);
      await run('signer-9');
      for (let k = 0; k < keys; k += 1) expect((await bench.key(`k${k}`)).status).toBe('enabled');
      expect([(await bench.key('x')).status, (await bench.key('y')).status].sort()).toEqual(['enabled', 'failed']);
      expect(bench.token.pairs.length).toBe(keys + 1);
      expect((await bench.events('keyPair-')).length).toBe(keys + 1);
      expect((await bench.events('key-')).filter((e) => e.type === 'keys.registered.v1').length).toBe(keys + 1);
    }), { numRuns: 60 });
  });
});

describe('the process', () => {
  let bench: RegistrationBench;
  beforeEach(() => {
    bench = new RegistrationBench();
  });

  it('begins when everything that was there has been seen: what has its outcome is not taken up', async () => {
    await bench.request();
    const first = bench.signer();
    await first.catchUp();
    const calls = bench.token.calls;
    const second = bench.signer();
    for (const event of await bench.events('key-')) second.registrations.observe(event);
    second.registrations.sweep();
    expect(second.registrations.openSince()).toBeUndefined();
    second.registrations.caughtUp();
    await second.registrations.idle();
    expect(bench.token.calls).toBe(calls);
    expect(second.life.steps).toBe(0);
  });

  it('takes up what comes live, on a durable subscription', async () => {
    const signer = bench.signer();
    const stop = new AbortController();
    const following = followDurably({
      store: bench.store, name: 'keys', prefixes: ['key-'], after: undefined, signal: stop.signal, caughtUp: () => signer.registrations.caughtUp(),
      handle: (events) => {
        for (const e of events) signer.registrations.observe(e);
        return Promise.resolve();
      },
    });
    await bench.request({ keyId: 'a', ckaIdHex: 'a1' });
    await bench.request({ keyId: 'b', ckaIdHex: 'b1' });
    while ((await bench.key('a')).status === 'creating' || (await bench.key('b')).status === 'creating') await new Promise((r) => setImmediate(r));
    stop.abort();
    await following;
    await signer.registrations.idle();
    expect(bench.token.pairs.map((p) => p.label).sort()).toEqual(['a', 'b']);
    expect(signer.registrations.openSince()).toBeUndefined();
  });

  it('knows the oldest one without an outcome', async () => {
    const signer = bench.signer();
    await bench.request({ keyId: 'a' });
    await bench.request({ keyId: 'b' });
    const events = await bench.events('key-');
    for (const e of events) signer.registrations.observe(e);
    expect(signer.registrations.openSince()).toBe(events[0]?.position);
  });

  it('refuses to forget: beyond its bound the subscription must bring it again', async () => {
    const signer = bench.signer({ bounds: { open: 2, parallel: 1, sweepMs: 10_000 } });
    const keyIds = ['a', 'b', 'c', 'd', 'e'];
    for (const keyId of keyIds) await bench.request({ keyId, ckaIdHex: keyId });
    const stop = new AbortController();
    const failures: unknown[] = [];
    const following = followDurably({
      store: bench.store, name: 'keys', prefixes: ['key-'], after: undefined, batch: 1, signal: stop.signal, caughtUp: () => signer.registrations.caughtUp(), failed: (e) => failures.push(e),
      handle: (events) => {
        for (const e of events) signer.registrations.observe(e);
        return Promise.resolve();
      },
    });
    while ((await bench.key('e')).status === 'creating') await new Promise((r) => setImmediate(r));
    stop.abort();
    await following;
    await signer.registrations.idle();
    for (const keyId of keyIds) expect((await bench.key(keyId)).status).toBe('enabled');
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.every((f) => f instanceof TooManyRegistrationsError)).toBe(true);
  });

  it('attempts a bounded number at a time, and each once', async () => {
    let now = 0;
    let most = 0;
    const slow = { findKeyPair: () => Promise.reject(new Error('x')), findOrCreateKeyPair: async (r: Parameters<typeof bench.token.findOrCreateKeyPair>[0]) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((done) => setImmediate(done));
      now -= 1;
      return bench.token.findOrCreateKeyPair(r);
    } };
    const signer = bench.signer({ hsm: slow });
    for (let i = 0; i < 9; i += 1) await bench.request({ keyId: `k${i}`, ckaIdHex: `a${i}` });
    const caught = signer.catchUp();
    signer.registrations.sweep();
    signer.registrations.sweep();
    await caught;
    expect(most).toBe(2);
    expect(bench.token.calls).toBe(9);
  });

  it('sweeps, and so takes up what a store that was away left behind', async () => {
    await bench.request();
    let fails = 3;
    const flaky = new Proxy(bench.store, { get: (target, name, receiver: unknown) => {
      const value: unknown = Reflect.get(target, name, receiver);
      if (name !== 'readStream' || typeof value !== 'function') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      return (...args: unknown[]): unknown => (fails-- > 0 ? Promise.reject(new Error('away')) : Reflect.apply(value, target, args));
    } });
    const signer = bench.signer({ store: flaky, bounds: { open: 10, parallel: 1, sweepMs: 1 } });
    await signer.catchUp();
    expect((await bench.key()).status).toBe('creating');
    const run = signer.registrations.run();
    while ((await bench.key()).status === 'creating') await new Promise((r) => setTimeout(r, 1));
    signer.stop();
    await run;
    expect(signer.logged.length).toBe(3);
  });

  it('ends with its signal, in the middle of waiting for the HSM: the next incarnation goes on', async () => {
    await bench.request();
    const gone = { findKeyPair: () => Promise.reject(new Error('x')), findOrCreateKeyPair: () => Promise.reject(new HsmError('retryable', 'TOKEN_MISSING', 'x')) };
    const signer = bench.signer({ hsm: gone, limits: { retryForMs: 30_000, firstPauseMs: 30_000, lastPauseMs: 30_000 } });
    for (const e of await bench.events('key-')) signer.registrations.observe(e);
    signer.registrations.caughtUp();
    const run = signer.registrations.run();
    await new Promise((r) => setImmediate(r));
    signer.stop();
    await run;
    expect((await bench.key()).status).toBe('creating');
    await bench.signer().catchUp();
    expect((await bench.key()).status).toBe('enabled');
  });

});
