import { decisionOver, jwsApprover, RELYING, webAuthnApprover } from '#test/fixtures/approver.js';
import type { Credential, DecisionProof, ProofVerifier } from '../../contract.js';
import { CredentialProofVerifier } from './credential-proof-verifier.js';
import { VerifiedProofs } from './verified-proofs.js';

/** Counts what is really verified. */
class Counting implements ProofVerifier {
  asked = 0;
  readonly #verifier = new CredentialProofVerifier();
  decision: ProofVerifier['decision'] = (...given) => ((this.asked += 1), this.#verifier.decision(...given));
  jws: ProofVerifier['jws'] = (...given) => ((this.asked += 1), this.#verifier.jws(...given));
}

const people = [jwsApprover('ES256'), jwsApprover('EdDSA'), webAuthnApprover('ES256'), webAuthnApprover('EdDSA')];
const statement = decisionOver();

describe('rule 24: VerifiedProofs', () => {
  it.each(people.map((who) => [who.credential.key.type, who] as const))('verifies a proof once (%s)', async (_, who) => {
    const counting = new Counting();
    const cached = new VerifiedProofs(counting);
    const proof = who.sign(statement);
    for (let i = 0; i < 3; i++) expect(await cached.decision(structuredClone(proof), statement, structuredClone(who.credential), RELYING)).toBeUndefined();
    expect(await cached.decision({ ...proof, challengeId: 'another' }, statement, who.credential, RELYING)).toBeUndefined();
    expect(counting.asked).toBe(1);
  });

  it('gives the payload of a JWS again, from the JWS itself', async () => {
    const counting = new Counting();
    const cached = new VerifiedProofs(counting);
    const who = jwsApprover();
    for (let i = 0; i < 3; i++) expect(await cached.jws(who.jws('act'), who.credential)).toEqual({ payload: 'act' });
    expect(counting.asked).toBe(3);
    const jws = who.jws('act');
    for (let i = 0; i < 3; i++) expect(await cached.jws(jws, who.credential)).toEqual({ payload: 'act' });
    expect(counting.asked).toBe(4);
  });

  it.each(people.map((who) => [who.credential.key.type, who] as const))('does not take what differs in anything that is verified for the same (%s)', async (type, who) => {
    const counting = new Counting();
    const cached = new VerifiedProofs(counting);
    const proof = who.sign(statement);
    const { credential } = who;
    await cached.decision(proof, statement, credential, RELYING);
    const other = type === 'jwk' ? jwsApprover().credential : webAuthnApprover().credential;
    const altered: readonly (readonly [DecisionProof, string, Credential, typeof RELYING])[] = [
      [proof, `${statement} `, credential, RELYING],
      [proof, statement, { ...credential, key: other.key }, RELYING],
      ...(type === 'jwk' ? [[proof, statement, { ...credential, credentialId: 'other' }, RELYING] as const] : [[proof, statement, credential, { ...RELYING, rpId: 'x' }] as const, [proof, statement, credential, { ...RELYING, origin: 'x' }] as const]),
    ];
    for (const [p, s, c, r] of altered) expect(await cached.decision(p, s, c, r)).toBeDefined();
    expect(counting.asked).toBe(1 + altered.length);
  });

  it('knows nothing of status: that is not its business', async () => {
    const cached = new VerifiedProofs(new Counting());
    const who = jwsApprover();
    const proof = who.sign(statement);
    expect(await cached.decision(proof, statement, who.credential, RELYING)).toBeUndefined();
    expect(await cached.decision(proof, statement, { ...who.credential, status: 'revoked' }, RELYING)).toBeUndefined();
  });

  it('remembers no refusal', async () => {
    const counting = new Counting();
    const cached = new VerifiedProofs(counting);
    const [who, other] = [jwsApprover(), jwsApprover()];
    const proof = who.sign(statement);
    const jws = who.jws(statement);
    for (let i = 0; i < 3; i++) {
      expect(await cached.decision(proof, statement, other.credential, RELYING)).toBeDefined();
      expect(await cached.jws(jws, other.credential)).toHaveProperty('fault');
    }
    expect(counting.asked).toBe(6);
  });

  it('keeps what was used last, and no more than it may', async () => {
    const counting = new Counting();
    const cached = new VerifiedProofs(counting, 2);
    const who = jwsApprover('EdDSA');
    const [a = '', b = '', c = ''] = ['a', 'b', 'c'].map((text) => who.jws(text));
    const ask = async (...all: readonly string[]): Promise<number> => {
      const before = counting.asked;
      for (const one of all) await cached.jws(one, who.credential);
      return counting.asked - before;
    };
    expect(await ask(a, b, a, c)).toBe(3);
    expect(await ask(a, c)).toBe(0);
    expect(await ask(b)).toBe(1);
  });

  it('lets the verifier say what is wrong with garbage', async () => {
    const cached = new VerifiedProofs(new CredentialProofVerifier());
    const who = jwsApprover();
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const odd: readonly unknown[] = [undefined, null, 'x', {}, { type: 'jws' }, { type: 'webauthn', challengeId: 'c', response: circular }, { type: 'jws', challengeId: 'c', jws: 10n }];
    for (const proof of odd) expect(await cached.decision(proof as DecisionProof, statement, who.credential, RELYING)).toHaveProperty('code', 'PROOF_INVALID');
    for (const credential of [undefined, null, {}, { key: circular }, { key: 10n }]) expect(await cached.decision(who.sign(statement), statement, credential as Credential, RELYING)).toHaveProperty('code', 'PROOF_INVALID');
    for (const compact of [undefined, 7, circular, '..']) expect(await cached.jws(compact as string, who.credential)).toHaveProperty('fault.code', 'PROOF_INVALID');
    expect(await cached.decision(who.sign(statement), statement, who.credential, undefined as unknown as typeof RELYING)).toBeUndefined();
  });
});

describe('how long it takes', () => {
  /** The best of many rounds: what else runs on the machine says nothing about it. */
  async function bestOf(people: readonly (typeof jwsApprover)[], ask: (cached: VerifiedProofs, all: readonly { readonly proof: DecisionProof; readonly credential: Credential }[]) => Promise<number>): Promise<number> {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 30; round++) {
      const all = people.map((make) => make('ES256')).map((who) => ({ proof: who.sign(statement), credential: who.credential }));
      best = Math.min(best, await ask(new VerifiedProofs(new CredentialProofVerifier()), all));
    }
    return best;
  }
  const verifyAll = async (cached: VerifiedProofs, all: readonly { readonly proof: DecisionProof; readonly credential: Credential }[]): Promise<number> => {
    const began = performance.now();
    for (const { proof, credential } of all) expect(await cached.decision(proof, statement, credential, RELYING)).toBeUndefined();
    return performance.now() - began;
  };

  it('verifies five ES256 proofs in a few milliseconds, also on a busy machine; the benchmark has the figure', async () => {
    expect(await bestOf(Array.from({ length: 5 }, () => jwsApprover), verifyAll)).toBeLessThan(10);
  });

  it('knows ten of them again at once', async () => {
    const again = await bestOf(Array.from({ length: 10 }, () => jwsApprover), async (cached, all) => {
      await verifyAll(cached, all);
      const began = performance.now();
      for (const { proof, credential } of all) await cached.decision(proof, statement, credential, RELYING);
      return performance.now() - began;
    });
    expect(again).toBeLessThan(1);
  });
});
