import { randomUUID } from 'node:crypto';
import { account, SigningPerson } from '#administration/application/testing/signing-person.js';
import { ChainWorld, DEPLOYMENT } from '#administration/application/testing/chain-world.js';
import type { ControlPlaneState } from '#administration/contract.js';
import { controlPlaneStream, resolvePolicies } from '#administration/contract.js';
import { commandIdOf } from '#eventing/command-id.js';
import { derivedId } from '#eventing/ids.js';
import { CredentialProofVerifier } from '#identity/adapters/proofs/credential-proof-verifier.js';
import { decisionStatement, orderStatement, statementDigest } from '#identity/contract.js';
import type { Actor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import { operationStream, policiesDigest, requestStatement } from '#operations/contract.js';
import type { GivenProof, GrantedKey, OperationEvent, OperationState, UsesReserved } from '#operations/contract.js';
import { StandingNotes } from '#signing/application/gate/standing-notes.js';
import { FakeHsm } from '#signing/application/sign/testing/fake-hsm.js';
import { eventually, SagaWorld, SPKI_SHA256 } from '#signing/application/sign/testing/saga-world.js';
import type { SignerHandle } from '#signing/application/sign/testing/saga-world.js';
import type { SigningEvent } from '#signing/contract.js';

export { account, SigningPerson };
export type Request = NonNullable<OperationState['request']>;
export type Reserved = UsesReserved['data'];
type Stored = { readonly type: string; readonly data: unknown };
type Approval = Extract<OperationEvent, { type: 'operations.approval-given.v1' }>;
const ORIGIN = 'https://countersign.example';
const ENDS = ['completed', 'failed', 'halted', 'outcome-unknown'];

/** What the key `k` is under where a test says nothing else. */
export const TWO_SIGNED = { tree: { type: 'approvers', count: 2, group: 'fw' }, requiredProof: 'signature' } as const;

export interface GateWorldOptions {
  /** As the wire has it. */
  readonly policy?: unknown;
  readonly purpose?: 'firmware' | 'root';
  readonly genesis?: Readonly<Record<string, unknown>>;
}

/** A deployment with a genesis, people with keys of their own, and one signer who trusts nobody else. Everything is written to the store by whoever the test says. */
export class GateWorld {
  readonly saga = new SagaWorld(new CredentialProofVerifier());
  readonly hsm = new FakeHsm();
  readonly chain: ChainWorld;
  readonly eve = new SigningPerson(account('eve'));
  readonly fay = new SigningPerson(account('fay'));
  readonly gil = new SigningPerson(account('gil'));
  /** Has a credential, and is in no group. */
  readonly zoe = new SigningPerson(account('zoe'));
  readonly oli = new SigningPerson(account('oli'));
  handle: SignerHandle | undefined;
  private written = 0;

  constructor({ policy = TWO_SIGNED, purpose = 'firmware', genesis = {} }: GateWorldOptions = {}) {
    this.chain = new ChainWorld({
      rosters: [{ group: 'fw', members: [this.eve, this.fay, this.gil].map((p) => p.actor) }, { group: 'second', members: [this.gil.actor] }],
      policies: [{ name: 'pinned', policy }],
      keys: [{ keyId: 'evidence', purpose: 'evidence', algorithm: 'ES256', approvalPolicy: { type: 'none' } }, { keyId: 'k', purpose, algorithm: 'ES256', approvalPolicy: { ref: 'pinned' } }],
      ...genesis,
    });
    this.saga.deployment = DEPLOYMENT;
    this.saga.genesis = this.chain.digest;
    this.chain.now = '2026-11-20T11:00:00.000Z';
    for (const person of [this.eve, this.fay, this.gil, this.zoe, this.oli]) this.chain.byOperation(person, 'POST', '/v1/credentials', person.enrolment, this.chain.admins.slice(0, 2));
    this.chain.run({ type: 'bind-key', keyId: 'k', publicKeySha256: SPKI_SHA256, signer: 'signer-1', now: this.chain.now });
  }

  get plane(): ControlPlaneState {
    return this.chain.chain.plane;
  }
  /** The chain as it would be written. */
  get planeEvents(): readonly Stored[] {
    return this.chain.events;
  }

  /** Appends what the control plane has beyond what was written. */
  async writePlane(events: readonly Stored[] = this.planeEvents): Promise<void> {
    await this.write(controlPlaneStream(DEPLOYMENT), events.slice(this.written));
    this.written = events.length;
  }

  async begin(events: readonly Stored[] = this.planeEvents, purpose: 'firmware' | 'root' = 'firmware'): Promise<void> {
    await this.writePlane(events);
    await this.saga.registerKey(purpose);
    await this.bindPair();
    await this.start();
  }
  /** As the signer did that bound `k`. */
  async bindPair(): Promise<void> {
    if (!(await new StandingNotes(this.saga.ledger, this.saga.clock).bind('k', SPKI_SHA256))) throw new Error('the ledger knows another pair');
  }
  async start(): Promise<void> {
    this.handle = await this.saga.signer('signer-1', { hsm: this.hsm });
  }

  /** A request as the api makes it. @param over is stated as well: what was asked, is what is stored */
  request(over: Partial<Request> & { readonly keyUsages?: readonly GrantedKey[] } = {}, uses = 5): Request {
    const at = new Date(this.saga.clock.wall()).toISOString();
    const source = this.plane.keys.get('k')?.policy ?? { type: 'none' };
    const resolved = resolvePolicies(this.plane, source);
    if (resolved instanceof DomainError) throw resolved;
    const [own, ...demands] = resolved;
    if (own === undefined) throw new Error('the key is under no policy');
    const { policy, name, version } = own;
    const usage: GrantedKey = {
      keyId: 'k', algorithm: 'ES256', publicKeySha256: SPKI_SHA256, maxUsageCount: uses, policy,
      ...(name === null ? {} : { policyName: name }), ...(version === null ? {} : { policyVersion: version }), ...(demands.length === 0 ? {} : { demands }),
    };
    const asked = {
      operationId: randomUUID(), requestedBy: this.oli.actor, requestedAt: at, notBefore: at, expiresAt: new Date(this.saga.clock.wall() + 3_600_000).toISOString(), description: 'a release', approverContext: null,
      keyUsages: [usage], binding: null, ...over,
    };
    return this.stated(asked);
  }

  /** With the statement, digest and policy digest that belong to it. @param reason of an emergency */
  stated(asked: Omit<Request, 'personal' | 'requestDigest' | 'policyDigest'>, deployment = DEPLOYMENT, reason: string | null = null): Request {
    const { statement, digest } = requestStatement({ ...asked, deployment, requestedBy: { ...asked.requestedBy, name: null, claims: {} }, grants: [], emergency: reason });
    return { ...asked, requestDigest: digest, policyDigest: policiesDigest(asked.keyUsages, []), personal: { name: null, claims: {}, statement, ...(reason === null ? {} : { emergencyReason: reason }) }, ...(reason === null ? {} : { emergency: true }) };
  }

  /** What somebody gives by the api. @param over of the statement */
  approval(person: SigningPerson, request: Request, over: Partial<Parameters<typeof decisionStatement>[0]> = {}, groups: readonly string[] = ['fw', 'second']): Approval {
    const at = new Date(this.saga.clock.wall()).toISOString();
    const statement = decisionStatement({
      operationId: request.operationId, requestDigest: request.requestDigest, policyDigest: request.policyDigest ?? '', decision: 'approve', nonce: randomUUID(), audience: ORIGIN, at, ...over,
    });
    return this.given(person.actor, { type: 'jws', challengeId: randomUUID(), jws: person.jws(statement), credentialId: person.credentialId, statement }, request, groups);
  }
  given(by: Actor, proof: GivenProof, request: Request, groups: readonly string[] = ['fw', 'second']): Approval {
    const at = new Date(this.saga.clock.wall()).toISOString();
    return { type: 'operations.approval-given.v1', data: { by, roles: ['approver'], groups, at, requestDigest: request.requestDigest, proof, personal: { name: null, claims: {}, comment: null } } };
  }

  /** An order as the api writes it, signed by the orderer. */
  order(request: Request, over: Partial<Reserved> = {}, by: SigningPerson = this.oli): { readonly type: 'operations.uses-reserved.v1'; readonly data: Reserved } {
    const idempotencyKey = randomUUID();
    const digests = 'digests' in (over.input ?? {}) ? (over.input as { digests: string[] }).digests : [statementDigest(idempotencyKey)];
    const { operationId, requestDigest, requestedBy } = request;
    const commandId = commandIdOf({ ...requestedBy, method: 'POST', path: `/v1/operations/${operationId}/sign-orders`, key: idempotencyKey });
    const statement = orderStatement({ operationId, requestDigest, idempotencyKey, keyId: 'k', digests });
    return {
      type: 'operations.uses-reserved.v1',
      data: {
        operationId, signOrderId: derivedId('sign-order', commandId), requestedAt: request.requestedAt, keyId: 'k', algorithm: 'ES256', publicKeySha256: SPKI_SHA256, count: digests.length, input: { digests }, format: 'raw',
        bodyDigest: 'b', proof: { jws: by.jws(statement), idempotencyKey }, ...over,
      },
    };
  }

  async write(stream: string, events: readonly Stored[]): Promise<void> {
    for (const { type, data } of events) {
      const [last] = await this.saga.store.readStream(stream, { limit: 1, direction: 'backward' });
      const metadata = { commandId: randomUUID(), actor: { issuer: 'i', subject: 's' }, at: this.saga.trusted.now().closing };
      await this.saga.store.append(stream, last?.revision ?? 'no-stream', [{ id: randomUUID(), type, data, metadata }]);
    }
  }

  /** An operation as it is stored, approved, with one order at its end. */
  stored(request: Request, approvals: readonly Stored[], order: Stored = this.order(request)): readonly Stored[] {
    return [{ type: 'operations.requested.v1', data: request }, ...approvals, { type: 'operations.approved.v1', data: {} }, order];
  }

  /** Writes it and waits for what becomes of the order that ends it. */
  async signs(operationId: string, events: readonly Stored[]): Promise<SigningEvent> {
    await this.write(operationStream(operationId), events);
    return this.ended((events.at(-1)?.data as Reserved).signOrderId);
  }
  async ended(signOrderId: string): Promise<SigningEvent> {
    await eventually(() => this.saga.events(signOrderId), (e) => e.some((t) => ENDS.includes(t)));
    return this.saga.last(signOrderId);
  }
  /** Codes of its blockers. */
  async blocked(operationId: string, events: readonly Stored[]): Promise<readonly string[]> {
    const { data, type } = await this.signs(operationId, events);
    return type === 'signing.halted.v1' ? (data as { blockers: readonly { code: string }[] }).blockers.map((b) => b.code) : [type];
  }

  stop(): void {
    this.saga.stop();
  }
}
