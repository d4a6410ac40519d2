import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { parseDecisionStatement, statementDigest } from '#identity/contract.js';
import type { DecisionStatement } from '#identity/contract.js';
import type { GivenProof } from '#operations/contract.js';
import type { SignedApproval } from './evidence.js';

/** How long a challenge can be answered, by the contract, and what the clocks of two processes may differ by. */
const ANSWERED_WITHIN_MS = 5 * 60_000;
const CLOCKS_DIFFER_MS = 60_000;

/** What the statement of a decision says, with its digest. It follows from the text alone. */
export interface StatedDecision {
  readonly statement: DecisionStatement;
  /** Base64 SHA-256 of its bytes, by which later decisions name it. */
  readonly digest: string;
}

const stated = new WeakMap<GivenProof, StatedDecision | string>();

/** @returns one sentence where the text is no statement */
export function statedDecision(proof: GivenProof): StatedDecision | string {
  const known = stated.get(proof);
  if (known !== undefined) return known;
  const parsed = parseDecisionStatement(proof.statement);
  const found = 'fault' in parsed ? `its statement ${parsed.fault}` : { statement: parsed.statement, digest: statementDigest(proof.statement) };
  stated.set(proof, found);
  return found;
}

/** What an approval has to be over. */
/** As every time that we write. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export interface Asked {
  readonly operationId: string;
  readonly requestDigest: string;
  readonly policyDigest: string;
  /** Of the service; null: no genesis says it, and the request's digest names the deployment. */
  readonly origin: string | null;
  /** When the control plane began; '' where no genesis says it. */
  readonly since: Instant;
}

/** Why this approval's statement is none of an approval of this operation; undefined: it is one. */
export function statementFault(approval: SignedApproval, asked: Asked): string | undefined {
  const read = statedDecision(approval.proof);
  if (typeof read === 'string') return read;
  const { statement } = read;
  if (statement.operationId !== asked.operationId) return 'it was signed for another operation';
  if (statement.requestDigest !== asked.requestDigest) return 'it was signed for another request';
  if (statement.policyDigest !== asked.policyDigest) return 'it was signed under other policies';
  if (statement.decision !== 'approve') return 'what was signed is no approval';
  if (asked.origin !== null && statement.audience !== asked.origin && !statement.audience.startsWith(`${asked.origin}/`)) return 'it was signed for another service';
  // Times are compared as texts as well: of one form, and none before the control plane began.
  if (!INSTANT.test(approval.at) || approval.at < asked.since) return 'it was not given at a time that can be';
  // The event's own time says how old an approval is, and is what the signed one allows it to be.
  const late = Date.parse(approval.at) - Date.parse(statement.at);
  if (!(late >= -CLOCKS_DIFFER_MS && late <= ANSWERED_WITHIN_MS + CLOCKS_DIFFER_MS)) return 'it was not given at the time that was signed';
  return undefined;
}

const replays = new WeakMap<readonly SignedApproval[], ReadonlySet<SignedApproval>>();

/** Approvals with a nonce that an earlier one had, withdrawn or not: they don't count (rule 25). */
export function replaysAmong(signed: readonly SignedApproval[]): ReadonlySet<SignedApproval> {
  const known = replays.get(signed);
  if (known !== undefined) return known;
  const used = new Set<string>();
  const found = new Set(signed.filter((approval) => {
    const nonce = nonceOf(approval);
    if (nonce === undefined) return false;
    const again = used.has(nonce);
    used.add(nonce);
    return again;
  }));
  replays.set(signed, found);
  return found;
}

export function nonceOf({ proof }: SignedApproval): string | undefined {
  const read = statedDecision(proof);
  return typeof read === 'string' ? undefined : read.statement.nonce;
}

export const nameOf = ({ issuer, subject }: Actor): string => `${subject} (${issuer})`;
