import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { Directory } from '#identity/contract.js';
import type { ApproverPairs } from './ports/approver-pairs.port.js';
import type { ControlPlaneView } from './ports/control-plane.port.js';

const DAY_MS = 24 * 3_600_000;

/**
 * What is known about people, for somebody who is about to decide: where two people do not approve each other's operations within so many days, whoever approved his is related to him.
 * @param fresh for a decision; a queue may be a moment late
 */
export async function forDeciding(plane: ControlPlaneView, caller: Actor, pairs: ApproverPairs, now: Instant, fresh: boolean): Promise<Directory> {
  const { directory, mutualWithinDays } = plane;
  if (mutualWithinDays <= 0) return directory;
  const since = new Date(Date.parse(now) - mutualWithinDays * DAY_MS).toISOString();
  const human = directory.personOf(caller);
  const approvedHis = new Set((await pairs.approversOf(directory.accountsOf(caller), since, { fresh })).map((a) => directory.personOf(a)));
  return {
    ...directory,
    relation: (requester, account, at) => directory.relation(requester, account, at) ?? (directory.personOf(account) === human && approvedHis.has(directory.personOf(requester)) ? 'mutual' : undefined),
  };
}
