import { canonicalDigest } from '#identity/contract.js';
import type { Instant } from '#kernel/clock.js';
import type { Act, Authority } from '../../domain/control-plane/act.js';
import type { ControlPlaneCommand } from '../../domain/control-plane/commands.js';
import { decideControlPlane } from '../../domain/control-plane/decide.js';
import type { Chain } from '../../domain/control-plane/decide.js';
import { evolveControlPlane } from '../../domain/control-plane/evolve.js';
import type { ControlPlaneEvent } from '../../domain/control-plane/events.js';
import type { GenesisDocument } from '../../domain/control-plane/genesis.js';
import { initialControlPlane } from '../../domain/control-plane/state.js';
import { chainDigest, genesisDigest } from '../chain-digest.js';
import type { ChainEvent, ChainOptions } from '../verify-chain/verified-chain.js';
import type { ProposedAct } from '../ports/propose-operation.port.js';
import { OPERATION_ENDS, requestText } from './request-text.js';
import { account, ISSUER, ORIGIN, SigningPerson, TestProofVerifier } from './signing-person.js';

export const DEPLOYMENT = 'd1';
export const at = (hhmm: string): Instant => `2026-11-20T${hhmm}:00.000Z`;

/** A control plane with four administrators who sign what they do. */
export class ChainWorld {
  readonly admins = ['ada', 'ben', 'cyd', 'dan'].map((name) => new SigningPerson(account(name)));
  readonly verifier = new TestProofVerifier();
  readonly document: GenesisDocument;
  readonly digest: string;
  readonly events: ChainEvent[] = [];
  chain: Chain = { plane: initialControlPlane, head: null };
  now = at('12:00');
  private operations = 0;

  constructor(over: Readonly<Record<string, unknown>> = {}) {
    this.document = genesisDocument(this.admins, over);
    this.digest = genesisDigest(this.document);
    this.run({ type: 'lay-genesis', document: this.document, digest: this.digest });
  }

  get options(): ChainOptions {
    return { digest: this.digest, deployment: DEPLOYMENT, verifier: this.verifier, firstSeenAt: () => undefined };
  }
  /** One of the four. */
  admin(i: number): SigningPerson {
    const one = this.admins[i % this.admins.length];
    if (one === undefined) throw new Error('no administrators');
    return one;
  }

  run(command: ControlPlaneCommand): readonly ControlPlaneEvent[] {
    const decided = decideControlPlane(command, this.chain);
    for (const event of decided) {
      this.events.push({ revision: this.events.length, type: event.type, data: JSON.parse(JSON.stringify(event.data)) as unknown });
      this.chain = { plane: evolveControlPlane(this.chain.plane, event), head: chainDigest(event) };
    }
    return decided;
  }
  /** At once, or in a session. @throws DomainError */
  act(by: SigningPerson, method: string, path: string, body: unknown = {}, session: string | null = null): readonly ControlPlaneEvent[] {
    const act: Act = { method, path, body };
    const jws = by.proof(act, this.chain.head, session);
    return this.run({ type: 'act', act, by: by.actor, administrator: true, operation: null, proof: { credentialId: by.credentialId, session, previous: this.chain.head, jws }, quorum: 1, now: this.now });
  }
  /** By an operation that these approved. @returns its id @throws DomainError */
  byOperation(by: SigningPerson, method: string, path: string, body: unknown, approvers: readonly SigningPerson[]): string {
    const act: Act = { method, path, body };
    const operationId = `00000000-0000-4000-8000-${String((this.operations += 1)).padStart(12, '0')}`;
    const jws = path === '/v1/credentials' ? null : by.proof(act, this.chain.head);
    const operation = this.operation(by, { ...act, proof: jws }, approvers, operationId);
    const proof = jws === null ? null : { credentialId: by.credentialId, session: null, previous: this.chain.head, jws };
    this.run({ type: 'act', act, by: by.actor, administrator: true, operation: { ...operation, expiresAt: OPERATION_ENDS }, proof, quorum: 1, now: this.now });
    return operationId;
  }
  operation(by: SigningPerson, act: ProposedAct, approvers: readonly SigningPerson[], operationId: string): Extract<Authority, { type: 'operation' }> {
    const statement = requestText({ deployment: DEPLOYMENT, operationId, requestedBy: by.actor, act });
    return { type: 'operation', operationId, statement, decisions: approvers.map((one) => one.approval(operationId, statement)) };
  }
  /** Opened by `by` for an hour. @returns its id */
  session(by: SigningPerson, resource: string, approvers: readonly SigningPerson[]): string {
    return this.byOperation(by, 'POST', '/v1/administration-sessions', { purpose: 'work', validMs: 3_600_000, grants: [{ action: 'administer', resource }] }, approvers);
  }
}

export const genesisDocument = (admins: readonly SigningPerson[], over: Readonly<Record<string, unknown>> = {}): GenesisDocument => ({
  type: 'countersign/genesis/v1', deployment: DEPLOYMENT, createdAt: at('10:00'), rpId: 'countersign.example', origin: ORIGIN, minimumProof: 'signature', quorum: 2,
  administrators: admins.map((one) => one.actor), credentials: admins.map((one) => one.enrolment),
  people: admins.map(({ actor }) => ({ personId: `p-${actor.subject}`, accounts: [actor, account(`${actor.subject}-laptop`)], owns: [account(`${actor.subject}-bot`)] })),
  rosters: [{ group: 'fw', members: [account('eve'), account('fay')] }], policies: [{ name: 'two-of-fw', policy: { type: 'approvers', count: 2, group: 'fw' } }], levels: [],
  separation: { exclusive: [], mutualWithinDays: 0 }, issuers: [{ issuer: ISSUER, audience: 'countersign' }],
  keys: [{ keyId: 'evidence', purpose: 'evidence', algorithm: 'ES256', approvalPolicy: { type: 'none' } }, { keyId: 'fw-prod', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { ref: 'two-of-fw' } }],
  ...over,
});

/** The head after an event, as a verifier would remember it. */
export const headOf = (event: ChainEvent): string => canonicalDigest({ type: event.type, data: event.data });
