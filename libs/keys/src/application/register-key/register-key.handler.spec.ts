import type { CommandMeta } from '#eventing/command-meta.js';
import { randomId } from '#eventing/ids.js';
import type { StreamAwaiter } from '#eventing/stream-awaiter.port.js';
import type { KeyEvent, RegistrationFailure, RegistrationRequested } from '../../domain/key/events.js';
import { KEY_PREFIX, keyRequestStream, keyStream } from '../../streams.js';
import type { KeyView } from '../key-view.js';
import { PLAIN_PLANE, asked, KeysBench, meta, PAIR, pem } from '../testing/keys-bench.js';
import { ckaIdOf } from './cka-id.js';
import { RegisterKeyCommand } from './register-key.command.js';
import type { KeyRegistration } from './register-key.command.js';
import { RegisterKeyHandler } from './register-key.handler.js';

const keyed = (commandId: string, bodyDigest = 'body'): CommandMeta => meta({ commandId, keyed: true, bodyDigest });
const isRequest = (type: string): boolean => type === ('keys.registration-requested.v1' satisfies KeyEvent['type']);

describe('registering a key', () => {
  let bench: KeysBench;
  let stop: AbortController;
  let down: string | undefined;
  /** What the signer makes of a registration; undefined: nothing yet. */
  let outcome: 'registered' | RegistrationFailure | undefined;
  let handler: RegisterKeyHandler;
  const handlerOf = (b: KeysBench, awaiter: StreamAwaiter = b.awaiter): RegisterKeyHandler => new RegisterKeyHandler(b.keys, b.store, awaiter, { down: () => down }, PLAIN_PLANE, b.trusted, pem);
  const register = (m: CommandMeta, over: Partial<KeyRegistration> = {}, by = handler): Promise<KeyView> => by.execute(new RegisterKeyCommand(m, asked(over)));
  const everything = async (): Promise<readonly string[]> => (await bench.store.readAll({ limit: 1000 })).map((e) => e.type);

  beforeEach(async () => {
    bench = new KeysBench();
    stop = new AbortController();
    down = undefined;
    outcome = 'registered';
    handler = handlerOf(bench);
    await bench.awaiter.start(stop.signal);
    // A signer of one line: answers each request as `outcome` says.
    bench.awaiter.onEvent((e) => {
      if (!isRequest(e.type) || outcome === undefined) return;
      const { keyId, attempt } = e.data as RegistrationRequested['data'];
      void bench.does(keyId, outcome === 'registered' ? { type: 'complete-registration', attempt, registered: PAIR } : { type: 'fail-registration', attempt, failure: outcome });
    });
  });
  afterEach(() => stop.abort());

  it('answers with the key that the signer made', async () => {
    expect(await register(meta())).toMatchObject({ keyId: 'fw', status: 'enabled', publicKeyPem: 'pem of c3BraQ==', revision: 1 });
  });

  it('tells the signer all that it needs', async () => {
    const m = meta();
    await register(m, { algorithm: 'PS256', description: 'd', requesters: { group: 'g', role: null } });
    const [event] = await bench.store.readStream(keyStream('fw'), { limit: 1 });
    expect(event?.data).toEqual({
      ...asked({ algorithm: 'PS256', modulusBits: 3072, description: 'd', requesters: { group: 'g', role: null } }),
      attempt: 1, requestedAt: '2026-11-20T12:00:00.000Z', ckaIdHex: ckaIdOf(m.commandId, asked({ algorithm: 'PS256', modulusBits: 3072 })),
    });
  });

  it('leaves the size of a key to be adopted open', async () => {
    await register(meta(), { algorithm: 'RS256', adopt: { label: 'old', idHex: null } });
    expect((await bench.keys.states.refresh(keyStream('fw'))).state.modulusBits).toBeNull();
  });

  it('answers "creating" when the signer takes longer than 10 s', async () => {
    const waits: number[] = [];
    const impatient: StreamAwaiter = { until: (_, __, ms) => (waits.push(ms), Promise.resolve(undefined)), expect: () => ({ event: Promise.resolve(undefined), cancel: () => undefined }) };
    outcome = undefined;
    expect(await register(meta(), {}, handlerOf(bench, impatient))).toMatchObject({ status: 'creating', publicKeyPem: null, revision: 0 });
    expect(waits).toEqual([10_000]);
  });

  it.each<[RegistrationFailure['code'], object]>([
    ['ALGORITHM_UNSUPPORTED', {}], ['PKCS11_KEY_NOT_FOUND', {}], ['KEY_EXISTS', {}],
    ['VALIDATION_FAILED', { faults: [{ path: '/pkcs11', message: 'why' }] }], ['HSM_UNAVAILABLE', { retryAfterSeconds: 5 }],
  ])('is refused with %s when the signer says so', async (code, more) => {
    outcome = { code, detail: 'why' };
    await expect(register(meta())).rejects.toMatchObject({ code, more });
  });

  it.each([['enabled', 'registered' as const], ['being made', undefined]])('is refused when the key is %s', async (_, first) => {
    outcome = first;
    void register(meta(), {}, handler).catch(() => undefined);
    await new Promise((r) => setImmediate(r));
    await expect(register(meta())).rejects.toMatchObject({ code: 'KEY_EXISTS' });
  });

  it('writes nothing while no signer can sign', async () => {
    down = 'no signer has reported for 15 s';
    await expect(register(keyed(randomId()))).rejects.toMatchObject({ code: 'HSM_UNAVAILABLE', detail: down, more: { retryAfterSeconds: 5 } });
    expect(await everything()).toEqual([]);
  });

  it('says what is wrong with the request before it says that no signer can sign', async () => {
    await register(meta());
    down = 'gone';
    await expect(register(meta())).rejects.toMatchObject({ code: 'KEY_EXISTS' });
  });

  describe('with an Idempotency-Key', () => {
    it('rule 3: again is the same answer, whatever has become of key and signer since', async () => {
      const m = keyed(randomId());
      const first = await register(m);
      await bench.does('fw', { type: 'disable', reason: 'x', by: m.actor });
      down = 'gone';
      expect(await register(m)).toEqual(first);
      expect(await register(m, {}, handlerOf(new KeysBench(bench.store), bench.awaiter))).toEqual(first);
      expect((await everything()).filter(isRequest).length).toBe(1);
    });

    it('rule 3: a concurrent repetition waits for the same key', async () => {
      const m = keyed(randomId());
      const other = handlerOf(new KeysBench(bench.store), bench.awaiter);
      const answers = await Promise.all([register(m), register(m), register(m, {}, other)]);
      expect(new Set(answers.map((a) => JSON.stringify(a))).size).toBe(1);
      expect(answers[0]).toMatchObject({ status: 'enabled', revision: 1 });
      expect((await everything()).filter(isRequest).length).toBe(1);
    });

    it('rule 3: another body is refused', async () => {
      const id = randomId();
      await register(keyed(id));
      await expect(register(keyed(id, 'another'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    });

    it('rule 3: another keyId is another body', async () => {
      const id = randomId();
      await register(keyed(id));
      await expect(register(keyed(id, 'another'), { keyId: 'other' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
      await expect(register(keyed(id, 'another'), { keyId: 'other' }, handlerOf(new KeysBench(bench.store)))).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
      expect(await bench.typesOf(keyStream('other'))).toEqual([]);
    });

    it('rule 3: two keyIds at once under one Idempotency-Key: one is registered', async () => {
      const id = randomId();
      const settled = await Promise.allSettled([register(keyed(id), { keyId: 'a' }), register(keyed(id, 'another'), { keyId: 'b' })]);
      expect(settled.map((s) => s.status).sort()).toEqual(['fulfilled', 'rejected']);
      expect((await everything()).filter(isRequest).length).toBe(1);
    });

    it('rule 3: after a failure it is decided anew, also with another body and for another keyId', async () => {
      const id = randomId();
      outcome = { code: 'PKCS11_KEY_NOT_FOUND', detail: 'why' };
      await expect(register(keyed(id))).rejects.toMatchObject({ code: 'PKCS11_KEY_NOT_FOUND' });
      await expect(register(keyed(id))).rejects.toMatchObject({ code: 'PKCS11_KEY_NOT_FOUND' });
      expect((await everything()).filter(isRequest).length).toBe(2);
      outcome = 'registered';
      const again = await register(keyed(id, 'another'), { description: 'now' });
      expect(again).toMatchObject({ status: 'enabled', description: 'now', revision: 5 });
      expect(await register(keyed(id, 'another'), { description: 'now' })).toEqual(again);
    });

    it('rule 3: a refusal binds nobody: the same Idempotency-Key may ask for another keyId then', async () => {
      const id = randomId();
      await register(meta());
      await expect(register(keyed(id))).rejects.toMatchObject({ code: 'KEY_EXISTS' });
      expect(await bench.typesOf(keyRequestStream(id))).toEqual([]);
      expect(await register(keyed(id, 'another'), { keyId: 'other' })).toMatchObject({ keyId: 'other', status: 'enabled' });
    });

    it('a crash between the claim and the request binds nobody', async () => {
      const id = randomId();
      await bench.store.append(keyRequestStream(id), 'no-stream', [{ id: randomId(), type: 'keys.registration-keyed.v1', data: { keyId: 'never' }, metadata: { commandId: id, actor: meta().actor, at: '2026-11-20T12:00:00.000Z' } }]);
      expect(await register(keyed(id))).toMatchObject({ status: 'enabled' });
      expect(await bench.typesOf(keyRequestStream(id))).toEqual(['keys.registration-keyed.v1', 'keys.registration-keyed.v1']);
    });
  });

  it('keeps its own streams out of what is followed as keys', () => expect(keyRequestStream('x').startsWith(KEY_PREFIX)).toBe(false));
});

describe('the CKA_ID of a registration', () => {
  const id = '5d0c6a51-6a0e-4c0b-9b57-6c5c3a4f8b7d';
  it('rule 15: is 20 bytes in hex, of the command and the pair that it asks for', () => {
    expect(ckaIdOf(id, asked())).toMatch(/^[0-9a-f]{40}$/);
    expect(ckaIdOf(id, asked())).toBe(ckaIdOf(id, asked({ description: 'another text', approvalPolicy: { type: 'none' } })));
    const others = [ckaIdOf(randomId(), asked()), ckaIdOf(id, asked({ keyId: 'b' })), ckaIdOf(id, asked({ algorithm: 'ES384' })), ckaIdOf(id, asked({ adopt: { label: 'x', idHex: null } }))];
    expect(new Set([...others, ckaIdOf(id, asked())]).size).toBe(5);
  });
});
