import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { accountKey, answerableFor } from '#identity/contract.js';
import type { Directory } from '#identity/contract.js';
import type { ApprovedFor, ApproverPairs } from './ports/approver-pairs.port.js';
import type { ControlPlaneView } from './ports/control-plane.port.js';

const DAY_MS = 24 * 3_600_000;

/**
 * What is known about people, for somebody who is about to decide: where two people do not approve each other's operations within so many days, whoever approved for somebody is related to
 * him. Of deputies that is whom they stand in for as well, of machines their owners.
 * @param fresh for a decision; a queue may be a moment late
 */
export async function forDeciding(plane: ControlPlaneView, caller: Actor, pairs: ApproverPairs, now: Instant, fresh: boolean): Promise<Directory> {
  const { directory, mutualWithinDays } = plane;
  if (mutualWithinDays <= 0) return directory;
  const since = new Date(Date.parse(now) - mutualWithinDays * DAY_MS).toISOString();
  const approvers = approversByHuman(await pairs.approversOf(accountsBehind(caller, directory, now), since, { fresh }), directory);
  const isMutual = (requester: Actor, account: Actor): boolean =>
    answerableFor(account, directory).some((human) => answerableFor(requester, directory).some((other) => approvers.get(human)?.has(other) === true));
  return { ...directory, relation: (requester, account, at) => directory.relation(requester, account, at) ?? (isMutual(requester, account) ? 'mutual' : undefined) };
}

/** All that those ask under for whom he may decide: himself, and whom he stands in for. */
function accountsBehind(caller: Actor, directory: Directory, now: Instant): readonly Actor[] {
  const deciding = [caller, ...directory.principalsOf(caller, now).map(({ principal }) => principal)].flatMap((one) => [one, ...directory.ownersOf(one)]);
  const accounts = deciding.flatMap((one) => [...directory.accountsOf(one), ...directory.machinesOf(one)]);
  return [...new Map(accounts.map((account) => [accountKey(account), account])).values()];
}

/** By human, the humans who approved what he asked for. */
function approversByHuman(approvals: readonly ApprovedFor[], directory: Directory): ReadonlyMap<string, ReadonlySet<string>> {
  const approvers = new Map<string, Set<string>>();
  for (const { requester, approver } of approvals)
    for (const human of answerableFor(requester, directory)) {
      const known = approvers.get(human) ?? new Set<string>();
      for (const other of answerableFor(approver, directory)) known.add(other);
      approvers.set(human, known);
    }
  return approvers;
}
