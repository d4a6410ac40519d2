import { createPublicKey, randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALGORITHMS } from '#keys/contract.js';
import type { Algorithm } from '#keys/contract.js';
import { SOFTHSM_MODULE, createSoftHsmToken, pkcs11Tool } from '#test/fixtures/softhsm.js';
import type { SoftHsmToken } from '#test/fixtures/softhsm.js';
import { createShim } from '#test/pkcs11-shim/pkcs11-shim.js';
import type { Shim } from '#test/pkcs11-shim/pkcs11-shim.js';
import type { HsmKeyRef } from '../../application/ports/hsm.port.js';
import { describeHsm, signedInput } from '../../application/ports/testing/hsm-contract.js';
import { ecdsaRawToDer } from '../signature-format/ecdsa-der.js';
import { HsmProcess } from './testing/hsm-process.js';
import type { HostOptions } from './testing/hsm-host.js';
import { opensslVerifies } from './testing/openssl-verify.js';

const RSA_BITS = 2_048;
const modulusBits = (algorithm: Algorithm): number | null => (/^[RP]S/.test(algorithm) ? RSA_BITS : null);

/** A token in a folder of its own, the shim in front of it, and processes that use it. */
class Bench {
  readonly dir = mkdtempSync(join(tmpdir(), 'countersign-hsm-'));
  readonly token: SoftHsmToken = createSoftHsmToken(this.dir);
  readonly shim: Shim = createShim(this.dir, SOFTHSM_MODULE);
  private readonly processes: HsmProcess[] = [];

  start(more: Partial<HostOptions> = {}): HsmProcess {
    const options: HostOptions = {
      module: this.shim.module, tokenLabel: this.token.label, pin: this.token.pin, sessions: 4, thread: false, failedPinsFile: join(this.dir, 'failed-pins'),
      reopenMs: { first: 20, last: 100 }, probeMs: 60_000, ...more,
    };
    const started = HsmProcess.start(options, { ...this.token.env, ...this.shim.env });
    this.processes.push(started);
    return started;
  }
  async opened(more: Partial<HostOptions> = {}): Promise<HsmProcess> {
    const hsm = this.start(more);
    await hsm.open();
    return hsm;
  }
  async dispose(): Promise<void> {
    this.shim.order();
    for (const each of this.processes) await each.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
  /** Objects of the token as pkcs11-tool lists them. */
  list(type: 'privkey' | 'pubkey', ckaIdHex: string): string {
    return pkcs11Tool(this.token, '--list-objects', '--type', type, '--id', ckaIdHex);
  }
  delete(type: 'privkey' | 'pubkey', ckaIdHex: string): void {
    pkcs11Tool(this.token, '--delete-object', '--type', type, '--id', ckaIdHex);
  }
}

async function makeKey(hsm: HsmProcess, algorithm: Algorithm = 'ES256', ckaIdHex = randomBytes(16).toString('hex')): Promise<HsmKeyRef> {
  const { spki } = await hsm.findOrCreateKeyPair({ ckaIdHex, label: algorithm, algorithm, modulusBits: modulusBits(algorithm) });
  return { ckaIdHex, spki, algorithm };
}
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const digest = (): Buffer => randomBytes(32);
const count = (text: string, pattern: RegExp): number => (text.match(pattern) ?? []).length;

describe.each([['on the main thread', false], ['in a worker thread', true]] as const)('%s', (where, thread) => {
  describeHsm(`Pkcs11Hsm over SoftHSM2 ${where}`, () => {
    const bench = new Bench();
    return Promise.resolve({ hsm: bench.start({ sessions: 2, thread, module: SOFTHSM_MODULE }), dispose: () => bench.dispose() });
  });
});

describe('Pkcs11Hsm over SoftHSM2', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.dispose());

  it('every algorithm: openssl takes the signature; pkcs11-tool sees the key sensitive and never extractable, for signing alone', async () => {
    const hsm = await bench.opened();
    for (const algorithm of ALGORITHMS) {
      const key = await makeKey(hsm, algorithm);
      const input = signedInput(algorithm, randomBytes(300));
      const signature = await hsm.signOnce(key, input);
      const pem = createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' }).export({ format: 'pem', type: 'spki' }).toString();
      const formatted = algorithm.startsWith('ES') ? ecdsaRawToDer(signature) : signature;
      expect(opensslVerifies(pem, algorithm, input, formatted)).toBe(true);
      expect(opensslVerifies(pem, algorithm, signedInput(algorithm, randomBytes(300)), formatted)).toBe(false);
      const listed = bench.list('privkey', key.ckaIdHex);
      expect(listed).toMatch(/Access: +sensitive, always sensitive, never extract/);
      expect(listed).toMatch(/Usage: +sign\n/);
    }
  });

  it('one C_Sign a signature: 2,000 from 8 sessions at once, in a worker thread', async () => {
    const hsm = await bench.opened({ sessions: 8, thread: true });
    const key = await makeKey(hsm);
    expect(await hsm.signMany(key, 2_000, 16)).toBe(2_000);
    expect(bench.shim.calls('C_Sign')).toBe(2_000);
    expect(bench.shim.calls('C_Login')).toBe(1);
    expect(await hsm.calls()).toMatchObject({ 'C_Sign ok': 2_000, 'C_Verify ok': 2_000, 'C_Login ok': 1 });
  });

  it('two users of one module in one process: the one that goes first leaves the other one working', async () => {
    const hsm = await bench.opened();
    const key = await makeKey(hsm);
    expect(await hsm.secondUser(key)).toBe(64);
    expect((await hsm.signOnce(key, digest())).length).toBe(64);
    expect(bench.shim.calls('C_Login')).toBe(1);
    await hsm.close();
  });

  it('users on two threads: when the one that initialised the module closes, the other one works on, and can reopen a lost token', async () => {
    const hsm = bench.start({ thread: true });
    await hsm.openOnMainThread();
    await hsm.open();
    const key = await makeKey(hsm);
    await hsm.closeOnMainThread();
    expect((await hsm.signOnce(key, digest())).length).toBe(64);
    expect(bench.shim.calls('C_Initialize')).toBe(2);
    expect((await hsm.status()).state).toBe('ready');
    renameSync(bench.token.tokens, `${bench.token.tokens}.away`);
    await expect(hsm.signOnce(key, digest())).rejects.toMatchObject({ errorClass: 'retryable' });
    renameSync(`${bench.token.tokens}.away`, bench.token.tokens);
    await until('ready', async () => (await hsm.status()).state === 'ready');
    expect((await hsm.signOnce(key, digest())).length).toBe(64);
  });

  describe('PIN', () => {
    it('rule 15: a wrong PIN is tried once over five starts, and by open() alone', async () => {
      for (let start = 0; start < 5; start++) {
        const hsm = bench.start({ pin: '9999' });
        await expect(hsm.open()).rejects.toMatchObject({ errorClass: 'fatal', reason: 'PIN_INCORRECT' });
        await expect(hsm.open()).rejects.toMatchObject({ errorClass: 'fatal', reason: 'PIN_INCORRECT' });
        expect(await hsm.status()).toMatchObject({ state: 'down', reason: 'PIN_INCORRECT' });
        await expect(hsm.acquire(1_000)).rejects.toMatchObject({ reason: 'PIN_INCORRECT' });
        await hsm.kill();
      }
      expect(bench.shim.calls('C_Login')).toBe(1);
      await bench.opened();
      expect(bench.shim.calls('C_Login')).toBe(2);
    });

    it('a locked PIN is fatal: no second try in the background', async () => {
      bench.shim.order('fail C_Login 0xa4');
      const hsm = bench.start();
      await expect(hsm.open()).rejects.toMatchObject({ errorClass: 'fatal', reason: 'PIN_INCORRECT' });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(bench.shim.calls('C_Login')).toBe(1);
    });

    it('a login that fails with the device is tried again, once a reopening', async () => {
      bench.shim.order('fail C_Login 0x30');
      const hsm = bench.start();
      await expect(hsm.open()).rejects.toMatchObject({ errorClass: 'retryable' });
      bench.shim.order();
      await until('ready', async () => (await hsm.status()).state === 'ready');
    });
  });

  describe('what is missing', () => {
    it('a module that is not there', async () => {
      const hsm = bench.start({ module: join(bench.dir, 'none.so') });
      await expect(hsm.open()).rejects.toMatchObject({ errorClass: 'retryable', reason: 'MODULE_MISSING' });
      expect(await hsm.status()).toMatchObject({ state: 'down', reason: 'MODULE_MISSING' });
    });

    it('a token that is not there yet is found when it comes', async () => {
      const hsm = bench.start({ tokenLabel: 'later' });
      await expect(hsm.open()).rejects.toMatchObject({ errorClass: 'retryable', reason: 'TOKEN_MISSING' });
      createSoftHsmToken(bench.dir, { label: 'later' });
      await until('ready', async () => (await hsm.status()).state === 'ready');
    });

    it.each([['with a signature asked for', 60_000], ['seen by the probe alone', 50]] as const)('a token that goes and comes back, %s', async (_how, probeMs) => {
      const hsm = await bench.opened({ probeMs, thread: true });
      const key = await makeKey(hsm);
      await hsm.signOnce(key, digest());
      renameSync(bench.token.tokens, `${bench.token.tokens}.away`);
      // Not KEY_MISSING: that would fail an order for good.
      if (probeMs > 1_000) await expect(hsm.signOnce(key, digest())).rejects.toMatchObject({ errorClass: 'retryable' });
      await until('down', async () => (await hsm.status()).state === 'down');
      await expect(hsm.acquire(1_000)).rejects.toMatchObject({ errorClass: 'retryable' });
      renameSync(`${bench.token.tokens}.away`, bench.token.tokens);
      await until('ready', async () => (await hsm.status()).state === 'ready');
      expect((await hsm.signOnce(key, digest())).length).toBe(64);
      expect(bench.shim.calls('C_Sign')).toBe(2);
    });

    it('a key that another process deleted: refused before C_Sign', async () => {
      const hsm = await bench.opened();
      const [gone, stays] = [await makeKey(hsm), await makeKey(hsm)];
      await hsm.signOnce(gone, digest());
      bench.delete('privkey', gone.ckaIdHex);
      await expect(hsm.signOnce(gone, digest())).rejects.toMatchObject({ errorClass: 'refused', reason: 'KEY_MISSING' });
      expect(bench.shim.calls('C_Sign')).toBe(1);
      expect((await hsm.signOnce(stays, digest())).length).toBe(64);
      expect((await hsm.status()).state).toBe('ready');
    });

    it('a key whose public half is gone at the opening: refused', async () => {
      const key = await makeKey(await bench.opened());
      bench.delete('pubkey', key.ckaIdHex);
      await expect((await bench.opened()).signOnce(key, digest())).rejects.toMatchObject({ errorClass: 'refused', reason: 'KEY_MISSING' });
      expect(bench.shim.calls('C_Sign')).toBe(0);
    });
  });

  describe('adoption', () => {
    it('takes a protected pair made by another program', async () => {
      pkcs11Tool(bench.token, '--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'theirs', '--id', '77', '--sensitive');
      const hsm = await bench.opened();
      const pair = await hsm.findKeyPair({ label: 'theirs', idHex: null, algorithm: 'ES256', modulusBits: null });
      expect(pair.ckaIdHex).toBe('77');
      expect((await hsm.signOnce({ ...pair, algorithm: 'ES256' }, digest())).length).toBe(64);
    });

    it('refuses one that can be extracted, one of several, and half of one', async () => {
      pkcs11Tool(bench.token, '--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'open', '--id', '01', '--extractable');
      for (const id of ['02', '03']) pkcs11Tool(bench.token, '--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'twins', '--id', id, '--sensitive');
      pkcs11Tool(bench.token, '--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'half', '--id', '04', '--sensitive');
      bench.delete('pubkey', '04');
      const hsm = await bench.opened();
      const find = (label: string | null, idHex: string | null) => hsm.findKeyPair({ label, idHex, algorithm: 'ES256', modulusBits: null });
      await expect(find('open', null)).rejects.toMatchObject({ errorClass: 'refused', reason: 'KEY_UNPROTECTED' });
      await expect(find('twins', null)).rejects.toMatchObject({ errorClass: 'refused', reason: 'KEY_MISSING' });
      await expect(find('twins', '02')).resolves.toMatchObject({ ckaIdHex: '02' });
      await expect(find('half', null)).rejects.toMatchObject({ errorClass: 'refused', reason: 'KEY_MISSING' });
    });
  });

  it.each(['after-generate', 'without-private-key', 'without-public-key'] as const)('rule 15: killed during key generation (%s), the next attempt ends with one pair', async (point) => {
    const ckaIdHex = randomBytes(16).toString('hex');
    bench.shim.order(`die ${point}`);
    await expect(makeKey(await bench.opened(), 'ES256', ckaIdHex)).rejects.toThrow('the process ended');
    bench.shim.order();
    const hsm = await bench.opened();
    const key = await makeKey(hsm, 'ES256', ckaIdHex);
    expect(await makeKey(hsm, 'ES256', ckaIdHex)).toEqual(key);
    expect(count(bench.list('privkey', ckaIdHex), /Private Key Object/g)).toBe(1);
    expect(count(bench.list('pubkey', ckaIdHex), /Public Key Object/g)).toBe(1);
    expect(bench.shim.calls('C_GenerateKeyPair')).toBe(point === 'after-generate' ? 1 : 2);
    const session = await hsm.acquire(1_000);
    const input = digest();
    expect(await session.verify(key, input, await session.sign(key, input))).toBe(true);
  });

  describe('rule 7: C_Sign', () => {
    it.each(['fail-before', 'fail-after'] as const)('%s forwarding is unknown, never tried again, and its session is replaced', async (order) => {
      const hsm = await bench.opened({ sessions: 1 });
      const key = await makeKey(hsm);
      bench.shim.order(`${order} 1 0x6`);
      await expect(hsm.signOnce(key, digest())).rejects.toMatchObject({ errorClass: 'unknown' });
      expect(bench.shim.calls('C_Sign')).toBe(1);
      expect((await hsm.signOnce(key, digest())).length).toBe(64);
      expect(bench.shim.calls('C_OpenSession')).toBeGreaterThanOrEqual(4);
    });

    it('that loses the device is unknown; the token is reopened', async () => {
      const hsm = await bench.opened();
      const key = await makeKey(hsm);
      bench.shim.order('fail-after 1 0x32');
      await expect(hsm.signOnce(key, digest())).rejects.toMatchObject({ errorClass: 'unknown', reason: 'TOKEN_MISSING' });
      await until('ready', async () => (await hsm.status()).state === 'ready');
      expect((await hsm.signOnce(key, digest())).length).toBe(64);
      expect(bench.shim.calls('C_Sign')).toBe(2);
    });

    it('C_SignInit that fails is no C_Sign: retryable', async () => {
      const hsm = await bench.opened();
      const key = await makeKey(hsm);
      bench.shim.order('fail C_SignInit 0x6');
      await expect(hsm.signOnce(key, digest())).rejects.toMatchObject({ errorClass: 'retryable' });
      expect(bench.shim.calls('C_Sign')).toBe(0);
    });

    it('that does not return in time is unknown and keeps its session; with none left the token is down, until they return', async () => {
      const hsm = await bench.opened({ sessions: 2, signTimeoutMs: 200, thread: true });
      const key = await makeKey(hsm);
      bench.shim.order('hold 1');
      const stuck = [hsm.signOnce(key, digest()), hsm.signOnce(key, digest())].map((each) => expect(each).rejects.toMatchObject({ errorClass: 'unknown' }));
      await Promise.all(stuck);
      expect(await hsm.status()).toMatchObject({ state: 'down', reason: 'UNAVAILABLE' });
      await expect(hsm.acquire(100)).rejects.toMatchObject({ errorClass: 'retryable' });
      bench.shim.order();
      await until('ready', async () => (await hsm.status()).state === 'ready');
      expect((await hsm.signOnce(key, digest())).length).toBe(64);
      expect(bench.shim.calls('C_Sign')).toBe(3);
    });
  });

  it('rule 15: another key’s signature does not verify', async () => {
    const hsm = await bench.opened();
    const [key] = [await makeKey(hsm), await makeKey(hsm)];
    bench.shim.order('other-key 1');
    const session = await hsm.acquire(1_000);
    const input = digest();
    const signature = await session.sign(key, input);
    expect(signature.length).toBe(64);
    expect(await session.verify(key, input, signature)).toBe(false);
    expect(await session.verify(key, input, await session.sign(key, input))).toBe(true);
  });
});
