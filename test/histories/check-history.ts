import type { HistoryEntry, Ordered, Outcome, Read, Revoked } from './history.js';

const FINAL = new Set(['completed', 'failed', 'halted', 'outcome-unknown']);
const ACCEPTED = new Set([201, 202]);

/**
 * What a history breaks of the promise, one line each; nothing when it holds. Judged from outside: by what clients were told, by how the orders
 * ended, and by what the HSM saw.
 */
export function violations(history: readonly HistoryEntry[], outcome: Outcome): readonly string[] {
  const orders = history.filter((entry): entry is Ordered => entry.kind === 'order');
  const reads = history.filter((entry): entry is Read => entry.kind === 'read');
  const revocations = history.filter((entry): entry is Revoked => entry.kind === 'revoke');
  return [...overUse(outcome), ...lostOrders(orders, outcome), ...changedAnswers(orders), ...unjustifiedRefusals(orders, outcome), ...staleReads(reads), ...usedAfterRevocation(orders, revocations)];
}

/** Spent uses never pass what was granted, and C_Sign was never called more often than uses are spent. */
function overUse({ grants, orders, calls }: Outcome): readonly string[] {
  const faults: string[] = [];
  for (const { operationId, keyId, granted } of grants) {
    const spent = orders.filter((order) => order.operationId === operationId && order.keyId === keyId).reduce((sum, { usesConsumed }) => sum + usesConsumed, 0);
    if (spent > granted) faults.push(`over-use: ${spent} uses of ${keyId} were spent, ${granted} granted`);
  }
  const spent = orders.reduce((sum, { usesConsumed }) => sum + usesConsumed, 0);
  if (calls > spent) faults.push(`over-use: C_Sign was called ${calls} times for ${spent} uses`);
  for (const { signOrderId, state, usesConsumed, signatures = [] } of orders) {
    const signed = signatures.filter((signature) => signature !== null).length;
    if (signed > usesConsumed) faults.push(`over-use: ${signOrderId} is ${state} with ${signed} signatures for ${usesConsumed} uses`);
  }
  return faults;
}

/** What was accepted is there and has its end; what a client saw of an end is what it was. */
function lostOrders(asked: readonly Ordered[], { orders }: Outcome): readonly string[] {
  const known = new Map(orders.map((order) => [order.signOrderId, order]));
  const faults = orders.filter(({ state }) => !FINAL.has(state)).map(({ signOrderId, state }) => `lost: ${signOrderId} stayed ${state}`);
  for (const { answer } of asked) {
    if (answer === 'unknown' || !ACCEPTED.has(answer.status)) continue;
    const end = known.get(answer.signOrderId ?? '');
    if (end === undefined) faults.push(`lost: ${answer.signOrderId} was answered ${answer.status} and is not there`);
    else if (answer.state !== undefined && FINAL.has(answer.state) && answer.state !== end.state) faults.push(`lost: ${answer.signOrderId} was answered as ${answer.state} and is ${end.state}`);
    else if (answer.state === 'completed' && JSON.stringify(answer.signatures) !== JSON.stringify(end.signatures)) faults.push(`lost: ${answer.signOrderId} was answered with other signatures than it has`);
  }
  return faults;
}

/** The same Idempotency-Key of the same client is the same order. */
function changedAnswers(asked: readonly Ordered[]): readonly string[] {
  const first = new Map<string, string>();
  const faults: string[] = [];
  for (const { client, operationId, idempotencyKey, answer } of asked) {
    if (answer === 'unknown' || answer.signOrderId === undefined) continue;
    const key = `${client} ${operationId} ${idempotencyKey}`;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, answer.signOrderId);
    else if (earlier !== answer.signOrderId) faults.push(`doubled: ${idempotencyKey} gave ${earlier} and ${answer.signOrderId}`);
  }
  return faults;
}

/** `USAGE_EXHAUSTED` is told only when the orders that may have come before leave too little. */
function unjustifiedRefusals(asked: readonly Ordered[], { grants }: Outcome): readonly string[] {
  const faults: string[] = [];
  for (const refused of asked) {
    if (refused.answer === 'unknown' || refused.answer.code !== 'USAGE_EXHAUSTED') continue;
    const granted = grants.find(({ operationId, keyId }) => operationId === refused.operationId && keyId === refused.keyId)?.granted ?? 0;
    const before = new Map(asked.filter((other) => other.operationId === refused.operationId && other.keyId === refused.keyId && other.began < refused.ended && (other.answer === 'unknown' || ACCEPTED.has(other.answer.status))).map((other) => [`${other.client} ${other.idempotencyKey}`, other.count]));
    const taken = [...before.values()].reduce((sum, count) => sum + count, 0);
    if (taken + refused.count <= granted) faults.push(`refused: ${refused.count} uses were refused while at most ${taken} of ${granted} were taken`);
  }
  return faults;
}

/** Who asks for a revision gets it or a newer one. */
const staleReads = (reads: readonly Read[]): readonly string[] =>
  reads.flatMap(({ client, subject, seen, answer }) =>
    answer !== 'unknown' && answer.status === 200 && seen !== undefined && (answer.revision === undefined || answer.revision < seen) ? [`stale: ${client} had seen revision ${seen} of ${subject} and was shown ${answer.revision}`] : [],
  );

/** No order that was asked for after a revocation was acknowledged is accepted, unless it repeats one of before. */
function usedAfterRevocation(asked: readonly Ordered[], revocations: readonly Revoked[]): readonly string[] {
  const faults: string[] = [];
  for (const revoked of revocations) {
    if (revoked.answer === 'unknown' || revoked.answer.status !== 200) continue;
    for (const later of asked) {
      if (later.operationId !== revoked.operationId || later.began <= revoked.ended || later.answer === 'unknown' || !ACCEPTED.has(later.answer.status)) continue;
      const repeats = asked.some((other) => other !== later && other.idempotencyKey === later.idempotencyKey && other.client === later.client && other.began < revoked.ended);
      if (!repeats) faults.push(`after revocation: ${later.answer.signOrderId} was accepted ${(later.began - revoked.ended).toFixed(0)} ms after the revocation was acknowledged`);
    }
  }
  return faults;
}
