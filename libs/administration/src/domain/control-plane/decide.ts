import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { DomainError, invalid } from '#kernel/domain-error.js';
import { exhaustive } from '#kernel/exhaustive.js';
import type { Act, ActData, Authority } from './act.js';
import { leavesTooFew } from './administrators.js';
import type { ActCommand, ControlPlaneCommand } from './commands.js';
import { effectOf } from './effect-of.js';
import type { Effect } from './effects.js';
import type { ActDone, ControlPlaneEvent } from './events.js';
import { acted } from './evolve.js';
import { objectionTo } from './objection.js';
import { approversNeeded, countedDecisions } from './operation-authority.js';
import { actorRefusal, planAct, proofRefusal, seenBy } from './plan.js';
import { readActData } from './read-act.js';
import type { ControlPlaneState } from './state.js';

/** The state with the chain's head, which no event can know of itself. */
export interface Chain {
  readonly plane: ControlPlaneState;
  /** Base64 SHA-256 of the RFC 8785 form of `{type, data}` of the last event; null: the chain is empty. */
  readonly head: string | null;
}

/** @throws DomainError */
export function decideControlPlane(command: ControlPlaneCommand, { plane, head }: Chain): readonly ControlPlaneEvent[] {
  switch (command.type) {
    case 'act':
      return act(command, plane, head);
    case 'refuse-act': {
      const { operationId, by, code, detail, now } = command;
      return plane.operations.has(operationId) ? [] : [{ type: 'administration.act-refused.v1', data: { operationId, by, code, detail, at: later(now, plane), previous: head } }];
    }
    case 'lay-genesis':
      if (head !== null) throw new DomainError('GENESIS_REQUIRED', 'the control plane has begun already: a genesis is its first event, or there is none');
      return [{ type: 'administration.genesis-laid.v1', data: { document: command.document, digest: command.digest } }];
    case 'bind-key': {
      const { keyId, publicKeySha256, signer, now } = command;
      return bindingObjection(plane, keyId, publicKeySha256) === undefined ? [{ type: 'administration.key-bound.v1', data: { keyId, publicKeySha256, signer, at: later(now, plane), previous: head } }] : [];
    }
    default:
      return exhaustive(command);
  }
}

/** Rule 15: one pair has one keyId, and a keyId one pair. */
export function bindingObjection(state: ControlPlaneState, keyId: string, publicKeySha256: string): string | undefined {
  const key = state.keys.get(keyId);
  if (key === undefined) return `the key ${keyId} was not permitted`;
  if (key.publicKeySha256 !== null) return `the key ${keyId} has its pair`;
  return [...state.keys.values()].some((other) => other.publicKeySha256 === publicKeySha256) ? 'the pair belongs to another key' : undefined;
}

/** Rule 14, in the chain: the time that an act at `now` bears. */
export const later = (now: string, plane: ControlPlaneState): string => (now > plane.at ? now : plane.at);

function act(asked: ActCommand, plane: ControlPlaneState, head: string | null): readonly ActDone[] {
  // One time for all of it, that which the event bears: a verifier asks at no other.
  const command = { ...asked, now: later(asked.now, plane) };
  const { by, operation, proof, now } = command;
  const { method, path, body } = command.act;
  if (operation !== null && plane.operations.has(operation.operationId)) return [];
  const effect = effectOf(method, path, body);
  if ('faults' in effect) throw invalid(...effect.faults);
  const authority = authorityOf(command, effect, plane);
  // A proof binds an act to its place in the chain; that of an operation named the place at which it was proposed.
  if (operation === null && proof !== null && proof.previous !== head) throw new DomainError('CONTROL_PLANE_MOVED', 'the proof names an older head of the control plane');
  const data: ActData = { method, path, body, by: { issuer: by.issuer, subject: by.subject }, at: now, previous: head, authority, proof: proof?.jws ?? null };
  const objection = objectionTo(effect, plane, by, now) ?? tooFew(plane, effect, data);
  if (objection instanceof DomainError) throw objection;
  if (objection === 'already' && operation === null) return [];
  // What stands in the chain stays there: an act that its verifier could not read would break it for ever.
  const read = readActData(data);
  if ('faults' in read) throw invalid(...read.faults);
  return [{ type: `administration.${effect.type}.v1`, data }];
}

/** What stands against a proposal already: whoever approves it, it could not be done. */
export function proposalObjection(plane: ControlPlaneState, effect: Effect, act: Act, by: Actor, now: Instant): DomainError | 'already' | undefined {
  return objectionTo(effect, plane, by, now) ?? tooFew(plane, effect, { ...act, by, at: now, previous: null, authority: { type: 'direct' }, proof: null });
}

const tooFew = (plane: ControlPlaneState, effect: Effect, data: ActData): DomainError | undefined =>
  leavesTooFew(plane, acted(plane, effect, data)) ? new DomainError('QUORUM_TOO_SMALL', 'a quorum of N needs N + 1 active administrators') : undefined;

function authorityOf(command: ActCommand, effect: Effect, plane: ControlPlaneState): Authority {
  const { operation, by, proof, now } = command;
  const quorum = plane.quorum ?? command.quorum;
  if (operation === null) {
    const plan = planAct(plane, effect, command.act, { by, administrator: command.administrator, proof, quorum, now });
    if (plan instanceof DomainError) throw plan;
    if (plan.type === 'needs-operation') throw new DomainError('SESSION_REQUIRED', 'this has become an operation of its own meanwhile: ask again');
    return plan;
  }
  if (seenBy(plane, now) >= operation.expiresAt) throw new DomainError('OPERATION_EXPIRED', 'the operation was over, or about to be, before its act was done');
  const refusal = actorRefusal(plane, effect, { by, administrator: true }) ?? proofRefusal(plane, effect.type === 'credential-enrolled', by, proof);
  if (refusal !== undefined) throw refusal;
  const decisions = countedDecisions(plane, by, operation.decisions, now);
  const needed = approversNeeded(effect, plane, quorum);
  if (decisions.length < needed) throw new DomainError('OPERATION_NOT_APPROVED', `${decisions.length} approvals of other administrators count, ${needed} are needed`);
  return { type: 'operation', operationId: operation.operationId, statement: operation.statement, decisions };
}
