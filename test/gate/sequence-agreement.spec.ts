import fc from 'fast-check';
import { decisionStatement, NOBODY_KNOWN } from '#identity/contract.js';
import type { Credential, Directory } from '#identity/contract.js';
import { sameActor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import { approversFor, evolveOperation, initialOperation, operationDecider, quorumOf } from '#operations/contract.js';
import type { OperationState } from '#operations/contract.js';
import { signedApprovals } from '#operations/domain/operation/sequence.js';
import { evaluatePolicy } from '#policies/contract.js';
import type { Policy } from '#policies/contract.js';
import type { SignedApproval } from '#signing/application/gate/evidence.js';
import { givenInOrder } from '#signing/application/gate/sequence.js';

const step = (group: string, count: number) => ({ type: 'approvers' as const, count, group, role: 'approver' });
const POLICIES: readonly Policy[] = [
  { tree: { type: 'sequence', of: [step('red', 1), step('blue', 1)] }, requiredProof: 'signature' },
  { tree: { type: 'sequence', of: [step('red', 2), step('blue', 1), step('green', 1)] }, requiredProof: 'signature' },
  { tree: { type: 'allOf', of: [step('green', 1), { type: 'sequence', of: [step('red', 1), step('blue', 2)] }] }, requiredProof: 'signature' },
];
const AT = '2026-11-20T12:00:00.000Z';
const now = { closing: AT, opening: AT };
const DIGEST = Buffer.alloc(32).toString('base64');
const GROUPS = [['red'], ['red'], ['red', 'blue'], ['blue'], ['blue'], ['green']] as const;
const people = GROUPS.map((groups, i) => ({ issuer: 'i', subject: `p${i}`, roles: ['approver'], groups, name: null, claims: {} }));
const credential = (subject: string): Credential => ({ credentialId: subject, owner: { issuer: 'i', subject }, key: { type: 'jwk', publicJwk: { kty: 'OKP', crv: 'Ed25519', x: '' } }, label: '', status: 'active', createdAt: AT });
const directory: Directory = { ...NOBODY_KNOWN, credential };

/** An operation whose people get challenges, answer them sooner or later, and withdraw. */
class Played {
  state: OperationState = initialOperation;
  /** As a signer keeps them, without what was withdrawn. */
  signed: readonly SignedApproval[] = [];
  private challenges = 0;

  constructor(readonly policy: Policy) {
    const request = {
      operationId: 'op', requestDigest: DIGEST, requestedBy: { issuer: 'i', subject: 'orderer' }, requestedAt: AT, notBefore: AT, expiresAt: '2026-11-20T13:00:00.000Z', description: 'x', approverContext: null, binding: null,
      keyUsages: [{ keyId: 'k', algorithm: 'ES256' as const, publicKeySha256: 'ab', maxUsageCount: 1, policy }], personal: { name: null, claims: {}, statement: '{}' },
    };
    this.does({ type: 'request', request, directory, now });
  }
  challenged(by: (typeof people)[number]): void {
    this.challenges += 1;
    const challengeId = `c${this.challenges}`;
    const statement = decisionStatement({ operationId: 'op', requestDigest: DIGEST, policyDigest: DIGEST, decision: 'approve', nonce: challengeId, audience: 'https://c.example', at: AT, after: signedApprovals(this.state) });
    this.does({ type: 'challenge', by, challenge: { challengeId, decision: 'approve', statement }, unanswerable: null, directory, now });
  }
  answers(by: (typeof people)[number]): void {
    const challenge = [...this.state.challenges.values()].findLast((c) => sameActor(c.by, by));
    if (challenge === undefined) return;
    const { challengeId, statement } = challenge;
    const proof = { type: 'jws' as const, challengeId, jws: '', credentialId: by.subject, statement };
    if (this.does({ type: 'decide', decision: 'approve', by, requestDigest: DIGEST, comment: null, proof: { challengeId, proof }, directory, now })) this.signed = [...this.signed, { by, at: AT, roles: by.roles, groups: by.groups, proof }];
  }
  withdraws(by: (typeof people)[number]): void {
    if (this.does({ type: 'withdraw-approval', by, directory, now })) this.signed = this.signed.filter((s) => !sameActor(s.by, by));
  }
  /** As a signer finds it. */
  isInOrder(): boolean {
    const kept = givenInOrder(this.policy, this.signed, () => directory);
    const decisions = this.state.decisions.filter((d) => [...kept].some((s) => s.proof.statement === d.proof?.statement));
    return evaluatePolicy(this.policy, approversFor(this.policy, { ...this.state, decisions }, AT, directory)).met;
  }
  private does(command: Parameters<typeof operationDecider.decide>[0]): boolean {
    try {
      const events = operationDecider.decide(command, this.state);
      this.state = events.reduce(evolveOperation, this.state);
      return events.length > 0;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  }
}

describe('signed approvals of a sequence', () => {
  it('are approved by the service exactly when a signer finds them in order, whatever is withdrawn', () => {
    let approvals = 0;
    const acts = fc.array(fc.record({ who: fc.constantFrom(...people), act: fc.constantFrom('challenged' as const, 'answers' as const, 'both' as const, 'both' as const, 'withdraws' as const) }), { maxLength: 40, size: 'max' });
    fc.assert(
      fc.property(fc.constantFrom(...POLICIES), acts, (policy, history) => {
        const played = new Played(policy);
        for (const { who, act } of history) {
          if (act === 'both') played.challenged(who);
          if (act === 'both') played.answers(who);
          else played[act](who);
          const met = quorumOf(played.state, AT, directory).every((q) => q.verdict.met);
          if (met) approvals += 1;
          expect(played.isInOrder()).toBe(met);
          expect(played.state.status).toBe(met ? 'approved' : 'pending');
        }
      }),
      { numRuns: 150 },
    );
    expect(approvals).toBeGreaterThan(100);
  });
});
