import { accountKey } from '#identity/contract.js';
import type { Actor } from '#kernel/actor.js';
import { standingOf } from '../domain/operation/decision.js';
import { approval, approvers, at, fold, key, person, requested } from '../domain/operation/testing/given-operation.js';
import { quorumMet } from '../domain/operation/status.js';
import { account, directoryFor } from '../domain/operation/testing/people.js';
import type { Society } from '../domain/operation/testing/people.js';
import { forDeciding } from './mutual-approvals.js';
import type { ApprovedFor, ApproverPairs } from './ports/approver-pairs.port.js';
import { plane } from './testing/operations-bench.js';

const NOW = at('12:30');
/** dee stands in for boss, dan for ann; boss owns bot, ann owns robot. */
const SOCIETY: Society = {
  people: [{ accounts: ['boss', 'boss-2'], owns: ['bot'] }, { accounts: ['ann'], owns: ['robot'] }],
  deputies: { d1: { principal: 'boss', deputy: 'dee', groups: ['fw'] }, d2: { principal: 'ann', deputy: 'dan', groups: ['fw'] } }, seen: { boss: ['fw'], ann: ['fw'] },
};

/** Whether somebody may decide what another asked for, when the one approved what the other asked for. */
async function outcome(approved: readonly [requester: string, approver: string], requester: string, decides: string, society: Society = SOCIETY, days = 7): Promise<string> {
  const given: ApprovedFor = { requester: account(approved[0]), approver: account(approved[1]) };
  const pairs: ApproverPairs = { approversOf: (asked: readonly Actor[]) => Promise.resolve(asked.some((one) => accountKey(one) === accountKey(given.requester)) ? [given] : []), pairs: () => Promise.resolve([]) };
  const by = person(decides, { groups: ['dee', 'dan'].includes(decides) ? [] : ['fw'] });
  const directory = await forDeciding(plane({ directory: directoryFor(society), mutualWithinDays: days }).known(), by, pairs, NOW, true);
  const standing = standingOf(fold(requested([key('k', approvers(1))], { requestedBy: account(requester) })), by, NOW, directory);
  return 'code' in standing ? standing.code : 'may';
}

describe('two people who do not approve each other’s operations', () => {
  it.each<[string, readonly [string, string], string, string]>([
    ['themselves', ['boss', 'ann'], 'ann', 'boss'],
    ['under another account', ['boss-2', 'ann'], 'ann', 'boss'],
    ['by a deputy who decides now', ['boss', 'ann'], 'ann', 'dee'],
    // The read model tells both, the deputy and in whose name he approved.
    ['by a deputy who decided then', ['boss', 'dan'], 'dan', 'boss'],
    ['of machines that they own, asked then', ['bot', 'ann'], 'ann', 'boss'],
    ['of machines that they own, asked now', ['boss', 'ann'], 'robot', 'boss'],
    ['by machines that they own, decided then', ['boss', 'robot'], 'ann', 'boss'],
    ['by machines that they own, deciding now', ['boss', 'ann'], 'ann', 'bot'],
    ['by a deputy, of machines', ['bot', 'robot'], 'robot', 'dee'],
  ])('are so %s', async (_, approved, requester, decides) => expect(await outcome(approved, requester, decides)).toBe('NOT_ELIGIBLE'));
  it.each<[string, readonly [string, string], string, string]>([['the other way round', ['ann', 'boss'], 'ann', 'boss'], ['of somebody else', ['boss', 'zoe'], 'ann', 'boss'], ['for somebody else', ['zoe', 'ann'], 'ann', 'boss']])(
    'are none %s', async (_, approved, requester, decides) => expect(await outcome(approved, requester, decides)).toBe('may'));
  it('are none where nobody says so', async () => expect(await outcome(['boss', 'ann'], 'ann', 'boss', SOCIETY, 0)).toBe('may'));
});

it('what somebody approved before stays, though he would not be asked any more', async () => {
  const given = { requester: account('boss'), approver: account('ann') };
  const pairs: ApproverPairs = { approversOf: () => Promise.resolve([given]), pairs: () => Promise.resolve([]) };
  const directory = await forDeciding(plane({ directory: directoryFor(SOCIETY), mutualWithinDays: 7 }).known(), account('dee'), pairs, NOW, true);
  expect(quorumMet(fold(requested([key('k', approvers(1))], { requestedBy: account('ann') }), approval(person('boss'))), NOW, directory)).toBe(true);
});
