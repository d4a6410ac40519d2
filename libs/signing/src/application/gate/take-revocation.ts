import { canonicalDigest, kidOf, statementDigest } from '#identity/contract.js';
import type { Actor } from '#kernel/actor.js';
import { operationStream, policiesOf } from '#operations/contract.js';
import type { OperationState } from '#operations/contract.js';
import { namedTerms } from '#policies/contract.js';
import { nameOf } from './decision-facts.js';
import type { EvidenceStates } from './evidence.js';
import type { GateDeps } from './gate.js';
import { isAdministrator } from './hearing.js';
import type { Plane } from './plane.js';

export const REVOCATION_TYPE = 'countersign/revocation/v1';

/** What somebody signs to take back what an operation allows, past api and store (rule 25). */
export interface Revocation {
  readonly operationId: string;
  readonly reason: string;
}

/** It may be that nobody knows of it yet. */
export class OperationUnknownError extends Error {
  override readonly name = 'OperationUnknownError';
}

/** The exact text that is signed: RFC 8785, which of four texts is this. */
export const revocationStatement = ({ operationId, reason }: Revocation, deployment: string): string => JSON.stringify({ deployment, operationId, reason, type: REVOCATION_TYPE });

export interface RevocationDeps extends Pick<GateDeps, 'plane' | 'notes' | 'verifier'> {
  readonly operations: EvidenceStates;
}

/**
 * Takes a signed revocation: from then on no signer of this ledger signs under its operation, whatever the event store says.
 * @param jws compact, by an active credential, over the RFC 8785 JSON of `type`, `deployment`, `operationId`, `reason`
 * An administrator's is taken before anybody knows of the operation.
 * @returns why it is not taken, fit for a log; undefined: it is @throws StoreUnavailableError, LedgerUnavailableError, OperationUnknownError: it is to be tried again
 */
export async function takeRevocation(jws: string, { plane: feed, notes, verifier, operations }: RevocationDeps): Promise<string | undefined> {
  const plane = await feed.current();
  const credential = plane.directory.credential(kidOf(jws) ?? '');
  if (credential?.status !== 'active') return 'it is signed with no active credential';
  const verdict = await verifier.jws(jws, credential);
  if ('fault' in verdict) return verdict.fault.detail;
  const revocation = revocationOf(verdict.payload, plane.deployment);
  if (revocation === undefined) return 'what was signed is no revocation for this deployment';
  const { operation } = (await operations.load(operationStream(revocation.operationId))).state;
  if (operation.request === null && !isAdministrator(credential.owner, plane)) throw new OperationUnknownError('there is no such operation yet');
  if (!mayRevoke(credential.owner, operation, plane)) return `${nameOf(credential.owner)} may not revoke it`;
  await notes.ended(revocation.operationId, `revoked by ${nameOf(credential.owner)}, in the signer’s inbox: ${revocation.reason}`);
  return undefined;
}

function revocationOf(text: string, deployment: string): Revocation | undefined {
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const { type, operationId, reason } = value;
    const isOne = type === REVOCATION_TYPE && value['deployment'] === deployment && Object.keys(value).length === 4 && canonicalDigest(value) === statementDigest(text);
    return isOne && typeof operationId === 'string' && /^[0-9a-f-]{36}$/.test(operationId) && typeof reason === 'string' ? { operationId, reason } : undefined;
  } catch {
    return undefined;
  }
}

/** As by the api: who asked, administrators, and whom a policy of it names. */
function mayRevoke(account: Actor, { request, grants }: OperationState, plane: Plane): boolean {
  const { directory, state } = plane;
  const human = directory.personOf(account);
  if (request !== null && directory.personOf(request.requestedBy) === human) return true;
  if (isAdministrator(account, plane)) return true;
  const groups = directory.rosterGroups(account) ?? directory.seen(account, state.at)?.groups ?? [];
  return grants.flatMap(policiesOf).flatMap(namedTerms).some(({ group }) => group === null || groups.includes(group));
}
