import { constants, createHash, createPublicKey, randomBytes, verify as nodeVerify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { ALGORITHMS, digestBytes, hashOf } from '#keys/contract.js';
import type { Algorithm } from '#keys/contract.js';
import type { Hsm, HsmKeyRef, HsmStatus } from '../hsm.port.js';

/** An Hsm; one behind a process boundary can't tell its status at once. */
export type HsmSubject = Omit<Hsm, 'status'> & { status(): HsmStatus | Promise<HsmStatus> };
export interface HsmUnderTest {
  /** Not opened, over an empty token, with two sessions. */
  readonly hsm: HsmSubject;
  dispose(): Promise<void>;
}

const modulusBits = (algorithm: Algorithm): number | null => (/^[RP]S/.test(algorithm) ? 2_048 : null);
const inputFor = (algorithm: Algorithm): Buffer => {
  const hash = hashOf(algorithm);
  return randomBytes(hash === undefined ? 1_000 : digestBytes(hash));
};

/** What an Hsm is given to sign data: its digest, or for EdDSA itself. */
export function signedInput(algorithm: Algorithm, data: Buffer): Buffer {
  const hash = hashOf(algorithm);
  return hash === undefined ? data : createHash(hash.replace('-', '')).update(data).digest();
}

/** Whether OpenSSL, as Node has it, finds a signature over data good. */
export function verifiesOver(data: Buffer, algorithm: Algorithm, publicKey: KeyObject, signature: Uint8Array): boolean {
  const hash = hashOf(algorithm)?.replace('-', '');
  if (hash === undefined) return nodeVerify(null, data, publicKey, signature);
  if (algorithm.startsWith('ES')) return nodeVerify(hash, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
  if (algorithm.startsWith('RS')) return nodeVerify(hash, data, publicKey, signature);
  return nodeVerify(hash, data, { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature);
}

/** What every Hsm must do. @param start makes one for the whole suite */
export function describeHsm(name: string, start: () => Promise<HsmUnderTest>): void {
  describe(`${name} as an Hsm`, () => {
    let subject: HsmUnderTest;
    let hsm: HsmSubject;
    const keys = new Map<Algorithm, HsmKeyRef>();
    const keyFor = (algorithm: Algorithm): HsmKeyRef => {
      const key = keys.get(algorithm);
      if (key === undefined) throw new Error(`no ${algorithm} key was made`);
      return key;
    };
    beforeAll(async () => {
      subject = await start();
      ({ hsm } = subject);
    });
    afterAll(() => subject.dispose());

    it('is down until it is opened, then ready', async () => {
      expect(await hsm.status()).toMatchObject({ state: 'down' });
      await expect(hsm.acquire(1_000)).rejects.toMatchObject({ errorClass: 'retryable' });
      await hsm.open();
      expect(await hsm.status()).toMatchObject({ state: 'ready' });
      await hsm.open();
    });

    it.each(ALGORITHMS)('%s: makes a pair once, finds it afterwards, signs and verifies', async (algorithm) => {
      const request = { ckaIdHex: randomBytes(16).toString('hex'), label: `contract ${algorithm}`, algorithm, modulusBits: modulusBits(algorithm) };
      const pair = await hsm.findOrCreateKeyPair(request);
      expect(pair.ckaIdHex).toBe(request.ckaIdHex);
      expect(await hsm.findOrCreateKeyPair(request)).toEqual(pair);
      expect(await hsm.findKeyPair({ label: request.label, idHex: null, algorithm, modulusBits: null })).toEqual(pair);
      expect(await hsm.findKeyPair({ label: request.label, idHex: request.ckaIdHex, algorithm, modulusBits: request.modulusBits })).toEqual(pair);
      const key: HsmKeyRef = { ckaIdHex: pair.ckaIdHex, spki: pair.spki, algorithm };
      keys.set(algorithm, key);
      const data = randomBytes(500);
      const input = signedInput(algorithm, data);
      const session = await hsm.acquire(1_000);
      try {
        await session.prepare(key);
        const signature = await session.sign(key, input);
        expect(verifiesOver(data, algorithm, createPublicKey({ key: Buffer.from(pair.spki), format: 'der', type: 'spki' }), signature)).toBe(true);
        expect(await session.verify(key, input, signature)).toBe(true);
        expect(await session.verify(key, inputFor(algorithm), signature)).toBe(false);
        expect(await session.verify(key, input, signature.map((octet, i) => (i === 5 ? octet ^ 1 : octet)))).toBe(false);
        expect(await session.verify(key, input, signature.subarray(1))).toBe(false);
      } finally {
        session.release();
      }
    });

    it('says what is wrong with a key that is asked for', async () => {
      const { ckaIdHex } = keyFor('ES256');
      await expect(hsm.findKeyPair({ label: 'no such label', idHex: null, algorithm: 'ES256', modulusBits: null })).rejects.toMatchObject({ errorClass: 'refused', reason: 'KEY_MISSING' });
      await expect(hsm.findKeyPair({ label: 'contract ES384', idHex: ckaIdHex, algorithm: 'ES256', modulusBits: null })).rejects.toMatchObject({ reason: 'KEY_MISSING' });
      await expect(hsm.findKeyPair({ label: null, idHex: ckaIdHex, algorithm: 'ES384', modulusBits: null })).rejects.toMatchObject({ errorClass: 'refused', reason: 'KEY_KIND_MISMATCH' });
      await expect(hsm.findKeyPair({ label: null, idHex: keyFor('RS256').ckaIdHex, algorithm: 'RS256', modulusBits: 4_096 })).rejects.toMatchObject({ reason: 'KEY_KIND_MISMATCH' });
      await expect(hsm.findOrCreateKeyPair({ ckaIdHex, label: 'another', algorithm: 'EdDSA', modulusBits: null })).rejects.toMatchObject({ errorClass: 'refused', reason: 'KEY_KIND_MISMATCH' });
      await expect(hsm.findOrCreateKeyPair({ ckaIdHex: 'ff', label: 'another', algorithm: 'RS256', modulusBits: 1_024 })).rejects.toMatchObject({ errorClass: 'refused' });
    });

    it('prepares a key by CKA_ID and public key alone', async () => {
      const mine = keyFor('ES256');
      const other = await hsm.findOrCreateKeyPair({ ckaIdHex: randomBytes(16).toString('hex'), label: 'another', algorithm: 'ES256', modulusBits: null });
      const session = await hsm.acquire(1_000);
      try {
        await expect(session.prepare({ ...mine, ckaIdHex: 'abcdef' })).rejects.toMatchObject({ errorClass: 'refused', reason: 'KEY_MISSING' });
        await expect(session.prepare({ ...mine, spki: other.spki })).rejects.toMatchObject({ errorClass: 'refused', reason: 'KEY_MISSING' });
        await expect(session.prepare({ ...mine, algorithm: 'ES384' })).rejects.toMatchObject({ errorClass: 'refused' });
        await session.prepare(mine);
      } finally {
        session.release();
      }
    });

    it('refuses a digest of another hash before it signs', async () => {
      const session = await hsm.acquire(1_000);
      try {
        for (const algorithm of ['ES256', 'RS384', 'PS512'] as const) {
          await expect(session.sign(keyFor(algorithm), randomBytes(20))).rejects.toMatchObject({ errorClass: 'refused', reason: 'REFUSED' });
        }
      } finally {
        session.release();
      }
    });

    it('rule 6: leaves C_Sign uncalled when it is too late for it, and the session behind', async () => {
      const session = await hsm.acquire(1_000);
      try {
        await expect(session.sign(keyFor('ES256'), randomBytes(32), () => false)).rejects.toMatchObject({ errorClass: 'retryable' });
        await expect(session.sign(keyFor('ES256'), randomBytes(32))).rejects.toMatchObject({ errorClass: 'retryable' });
      } finally {
        session.release();
      }
      const [one, two] = [await hsm.acquire(1_000), await hsm.acquire(1_000)];
      await Promise.all([one, two].map((s) => s.sign(keyFor('ES256'), randomBytes(32), () => true)));
      one.release();
      two.release();
    });

    it('lends its sessions in order of arrival, and refuses who waited too long', async () => {
      const [first, second] = [await hsm.acquire(1_000), await hsm.acquire(1_000)];
      await expect(hsm.acquire(50)).rejects.toMatchObject({ errorClass: 'retryable', reason: 'UNAVAILABLE' });
      const order: string[] = [];
      const third = hsm.acquire(5_000).then((session) => (order.push('third'), session));
      const fourth = hsm.acquire(5_000).then((session) => (order.push('fourth'), session));
      first.release();
      first.release();
      const lentThird = await third;
      expect(order).toEqual(['third']);
      second.release();
      const lentFourth = await fourth;
      expect(order).toEqual(['third', 'fourth']);
      await expect(first.sign(keyFor('ES256'), randomBytes(32))).rejects.toMatchObject({ errorClass: 'retryable' });
      lentThird.release();
      lentFourth.release();
    });

    it('is down once it is closed', async () => {
      await hsm.close();
      expect(await hsm.status()).toMatchObject({ state: 'down' });
      await expect(hsm.acquire(1_000)).rejects.toMatchObject({ errorClass: 'retryable' });
    });
  });
}
