import { NOBODY_KNOWN, parseDecisionStatement, statementDigest } from '#identity/contract.js';
import type { Credential, Directory, Principal, ProofVerifier } from '#identity/contract.js';
import { sameActor } from '#kernel/actor.js';
import type { Policy } from '#policies/contract.js';
import { MAX_OPEN_CHALLENGES } from '../../domain/operation/challenge.js';
import { operationStream } from '../../streams.js';
import { DecideOperationCommand } from '../decide-operation/decide-operation.command.js';
import { DecideOperationHandler } from '../decide-operation/decide-operation.handler.js';
import type { OperationView } from '../operation-view.js';
import { RefusalRecorder } from '../record-refusals/refusal-recorder.js';
import { RequestOperationCommand } from '../request-operation/request-operation.command.js';
import { RequestOperationHandler } from '../request-operation/request-operation.handler.js';
import { Bench, metaOf, NO_PAIRS, ORDERER, plane, principal, requestOf } from '../testing/operations-bench.js';
import { WithdrawApprovalCommand } from '../withdraw-approval/withdraw-approval.command.js';
import { WithdrawApprovalHandler } from '../withdraw-approval/withdraw-approval.handler.js';
import { ChallengeDecisionCommand } from './challenge-decision.command.js';
import type { DecisionChallengeView } from './challenge-decision.command.js';
import { ChallengeDecisionHandler } from './challenge-decision.handler.js';

const [ADA, BEN, CLEO] = [principal('ada'), principal('ben'), principal('cleo', { groups: ['second'] })] as const;
const IN_ORDER: Policy = { tree: { type: 'sequence', of: [{ type: 'approvers', count: 1, group: 'fw', role: 'approver' }, { type: 'approvers', count: 1, group: 'second', role: 'approver' }] }, requiredProof: 'signature' };
const code = (expected: string) => expect.objectContaining({ code: expected }) as unknown;
/** Everybody has one credential, named like him. */
const credential = ({ issuer, subject }: Principal, status: Credential['status'] = 'active'): Credential =>
  ({ credentialId: `key of ${subject}`, owner: { issuer, subject }, key: { type: 'jwk', publicJwk: { kty: 'OKP', crv: 'Ed25519', x: '' } }, label: '', status, createdAt: '' });
/** Proofs are believed here: what they are over is what is looked at. */
const BELIEVES: ProofVerifier = { decision: () => Promise.resolve(undefined), jws: () => Promise.reject(new Error('no order is looked at here')) };

class Scene extends Bench {
  readonly credentials = [credential(ADA), credential(BEN), credential(CLEO)];
  readonly directory: Directory = { ...NOBODY_KNOWN, credential: (id) => this.credentials.find((c) => c.credentialId === id), credentialsOf: (account) => this.credentials.filter((c) => sameActor(c.owner, account)) };
  private readonly plane = plane({ directory: this.directory });
  private readonly refusals = new RefusalRecorder(this.operations, () => undefined);
  private readonly challenger = new ChallengeDecisionHandler(this.operations, this.plane, NO_PAIRS, this.clock, this.refusals);
  private readonly decider = new DecideOperationHandler(this.operations, this.plane, NO_PAIRS, this.clock, BELIEVES, this.refusals);

  request(policy: Policy = IN_ORDER): Promise<OperationView> {
    this.keys.set('fw-prod', { approvalPolicy: policy });
    return new RequestOperationHandler(this.operations, this.keys, plane(), 'd').execute(new RequestOperationCommand(metaOf(ORDERER, 'r'), ORDERER, requestOf()));
  }
  challenge(by: Principal, { operationId }: OperationView, credentialId: string | null = null): Promise<DecisionChallengeView> {
    return this.challenger.execute(new ChallengeDecisionCommand(metaOf(by, 'c'), by, operationId, 'approve', credentialId));
  }
  answer(by: Principal, { operationId, requestDigest }: OperationView, { challengeId }: DecisionChallengeView): Promise<OperationView> {
    const jws = `${Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: `key of ${by.subject}` })).toString('base64url')}.e30.AA`;
    return this.decider.execute(new DecideOperationCommand(metaOf(by, 'd'), by, operationId, 'approve', requestDigest, null, { type: 'jws', challengeId, jws }));
  }
  async approve(by: Principal, view: OperationView): Promise<DecisionChallengeView> {
    const challenge = await this.challenge(by, view);
    await this.answer(by, view, challenge);
    return challenge;
  }
  async status({ operationId }: OperationView): Promise<string> {
    return (await this.operations.states.load(operationStream(operationId))).state.status;
  }
  withdraw(by: Principal, { operationId }: OperationView): Promise<OperationView> {
    return new WithdrawApprovalHandler(this.operations, this.plane).execute(new WithdrawApprovalCommand(metaOf(by, 'w'), by, operationId));
  }
}
const named = ({ statement }: DecisionChallengeView): readonly string[] | undefined => {
  const parsed = parseDecisionStatement(statement);
  if ('fault' in parsed) throw new Error(parsed.fault);
  return parsed.statement.after;
};

describe('challenges of decisions', () => {
  let scene: Scene;
  let view: OperationView;
  beforeEach(async () => {
    scene = new Scene();
    view = await scene.request();
  });

  describe('rule 25: in a sequence', () => {
    it('name the approvals that stand', async () => {
      const first = await scene.approve(ADA, view);
      expect(named(first)).toEqual([]);
      expect(named(await scene.challenge(CLEO, view))).toEqual([statementDigest(first.statement)]);
    });

    it('name what stands where they are appended, also when that changed beside them', async () => {
      await scene.approve(ADA, view);
      const second = await scene.approve(BEN, view);
      const [, challenge] = await Promise.all([scene.withdraw(ADA, view), scene.challenge(CLEO, view)]);
      expect((await scene.events(view.operationId)).slice(-2).map((e) => e.type)).toEqual(['operations.approval-withdrawn.v1', 'operations.decision-challenged.v1']);
      expect(named(challenge)).toEqual([statementDigest(second.statement)]);
      expect(await scene.answer(CLEO, view, challenge)).toMatchObject({ state: 'approved' });
    });

    it('are answered only while what they name stands', async () => {
      await scene.approve(ADA, view);
      const challenge = await scene.challenge(CLEO, view);
      await scene.approve(BEN, view);
      // Somebody else has the step by now, and what was signed names him not.
      await scene.withdraw(ADA, view);
      await expect(scene.answer(CLEO, view, challenge)).rejects.toEqual(code('CHALLENGE_EXPIRED'));
      expect(await scene.answer(CLEO, view, await scene.challenge(CLEO, view))).toMatchObject({ state: 'approved' });
    });

    it('an approval counts no more, once all that it names and that opened its step was withdrawn: it is given anew', async () => {
      await scene.approve(ADA, view);
      await scene.approve(CLEO, view);
      expect(await scene.withdraw(ADA, view)).toMatchObject({ state: 'pending' });
      expect(await scene.approve(BEN, view).then(() => scene.status(view))).toBe('pending');
      const anew = await scene.challenge(CLEO, view);
      expect(await scene.answer(CLEO, view, anew)).toMatchObject({ state: 'approved' });
    });

    it('an approval goes on counting while one that it names keeps its step open', async () => {
      await scene.approve(ADA, view);
      await scene.approve(BEN, view);
      const challenge = await scene.challenge(CLEO, view);
      await scene.withdraw(ADA, view);
      expect(await scene.answer(CLEO, view, challenge)).toMatchObject({ state: 'approved' });
    });

    it('are not answered over what is withdrawn beside the answer', async () => {
      await scene.approve(ADA, view);
      const challenge = await scene.challenge(CLEO, view);
      await scene.approve(BEN, view);
      const [, answered] = await Promise.allSettled([scene.withdraw(ADA, view), scene.answer(CLEO, view, challenge)]);
      expect(answered).toMatchObject({ status: 'rejected', reason: { code: 'CHALLENGE_EXPIRED' } });
    });
  });

  describe('unanswered', () => {
    it('are told to be too old, however many came since', async () => {
      const old = await scene.challenge(ADA, view);
      scene.wall += 5 * 60_000;
      await scene.challenge(ADA, view);
      await scene.approve(BEN, view);
      await expect(scene.answer(ADA, view, old)).rejects.toEqual(code('CHALLENGE_EXPIRED'));
    });

    it('are given up when they are twice as old as they last', async () => {
      await scene.challenge(BEN, view);
      scene.wall += 10 * 60_000;
      const mine = await scene.challenge(ADA, view);
      const { state } = await scene.operations.states.load(operationStream(view.operationId));
      expect([...state.challenges.keys()]).toEqual([mine.challengeId]);
    });

    it('are bounded for each person, and nobody pushes out those of others', async () => {
      const his = await scene.challenge(BEN, view);
      const mine: DecisionChallengeView[] = [];
      for (let i = 0; i < MAX_OPEN_CHALLENGES + 3; i += 1) mine.push(await scene.challenge(ADA, view));
      const { state } = await scene.operations.states.load(operationStream(view.operationId));
      expect([...state.challenges.keys()]).toEqual([his, ...mine.slice(3)].map((c) => c.challengeId));
      await expect(scene.answer(ADA, view, mine[0] ?? his)).rejects.toEqual(code('CHALLENGE_MISMATCH'));
      await scene.answer(BEN, view, his);
    });
  });

  describe('are given to whom a credential can answer alone', () => {
    it.each<readonly [string, string, string]>([
      ['of nobody', 'key of nobody', 'PROOF_INVALID'],
      ['of somebody else', 'key of ben', 'PROOF_INVALID'],
      ['that is suspended', 'key of ada', 'CREDENTIAL_NOT_ACTIVE'],
    ])('one %s', async (_, credentialId, expected) => {
      scene.credentials[0] = credential(ADA, 'suspended');
      await expect(scene.challenge(ADA, view, credentialId)).rejects.toEqual(code(expected));
      expect(await scene.events(view.operationId)).toHaveLength(1);
    });

    it('whatever the state: whoever may decide at all is told of his credential before it', async () => {
      await scene.approve(BEN, view);
      await scene.approve(CLEO, view);
      await expect(scene.challenge(ADA, view, 'key of nobody')).rejects.toEqual(code('PROOF_INVALID'));
      await expect(scene.challenge(principal('dan', { groups: [] }), view, 'key of nobody')).rejects.toEqual(code('NOT_ELIGIBLE'));
    });

    it('and there is nothing to sign for whoever has none that is active', async () => {
      scene.credentials[0] = credential(ADA, 'revoked');
      await expect(scene.challenge(ADA, view)).rejects.toEqual(code('CREDENTIAL_NOT_ACTIVE'));
      expect(await scene.events(view.operationId)).toHaveLength(1);
    });
  });
});
