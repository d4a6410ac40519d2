import { sameActor } from '#kernel/actor.js';
import { canonicalDigest, parseDecisionStatement, statementDigest } from '#identity/contract.js';
import type { ProofVerifier } from '#identity/contract.js';
import type { ActData, Authority, SignedDecision } from '../../domain/control-plane/act.js';
import type { ControlPlaneState } from '../../domain/control-plane/state.js';
import { parseActRequest } from '../act-request.js';
import type { ActRequest } from '../act-request.js';
import { ChainBroken } from './chain-fault.js';

type OfOperation = Extract<Authority, { type: 'operation' }>;

/** Whether the operation that an act rests on is about this act, and each of its approvals was signed. @returns what it asked for @throws ChainBroken */
export async function verifyOperation(state: ControlPlaneState, act: ActData, { operationId, statement, decisions }: OfOperation, verifier: ProofVerifier): Promise<ActRequest> {
  if (state.operations.has(operationId)) throw new ChainBroken('OPERATION_REUSED', 'the operation had its act before');
  const request = parseActRequest(statement);
  if (request === undefined) throw new ChainBroken('OPERATION_NOT_ITS', 'its statement is none of an act');
  const isOfThis = request.operationId === operationId && request.deployment === state.genesis?.deployment && sameActor(request.requestedBy, act.by)
    && request.act.method === act.method && request.act.path === act.path && request.act.proof === act.proof && canonicalDigest(request.act.body) === canonicalDigest(act.body);
  if (!isOfThis) throw new ChainBroken('OPERATION_NOT_ITS', 'its statement names another act');
  const nonces = new Set<string>();
  for (const decision of decisions) {
    const nonce = await verifyDecision(state, operationId, statement, decision, verifier);
    if (nonces.has(nonce)) throw new ChainBroken('PROOF_INVALID', 'one decision stands there twice');
    nonces.add(nonce);
  }
  return request;
}

/** @returns its nonce */
async function verifyDecision(state: ControlPlaneState, operationId: string, request: string, { proof }: SignedDecision, verifier: ProofVerifier): Promise<string> {
  const { genesis } = state;
  if (proof === null || genesis === null) throw new ChainBroken('PROOF_MISSING', 'a decision has no proof');
  const credential = state.credentials.get(proof.credentialId);
  if (credential === undefined) throw new ChainBroken('CREDENTIAL_NOT_ACTIVE', 'a decision is by no credential that is known');
  const { credentialId: _, statement, ...given } = proof;
  const fault = await verifier.decision(given, statement, credential, genesis);
  if (fault !== undefined) throw new ChainBroken('PROOF_INVALID', fault.detail);
  const parsed = parseDecisionStatement(statement);
  if ('fault' in parsed) throw new ChainBroken('PROOF_INVALID', `a decision ${parsed.fault}`);
  const { decision, audience, nonce, requestDigest } = parsed.statement;
  const isFor = audience === genesis.origin || audience.startsWith(`${genesis.origin}/`);
  if (decision !== 'approve' || parsed.statement.operationId !== operationId || requestDigest !== statementDigest(request) || !isFor) throw new ChainBroken('PROOF_INVALID', 'a decision is over something else');
  return nonce;
}
