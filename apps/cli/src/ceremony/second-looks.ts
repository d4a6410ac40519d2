import type { Genesis } from '#administration/contract.js';
import { sameActor } from '#kernel/actor.js';
import { optionsOf, treeOf } from '#policies/contract.js';
import type { Policy, PolicyNode } from '#policies/contract.js';
import { code } from './wording.js';

const groupsIn = (node: PolicyNode): readonly string[] => ('of' in node ? node.of.flatMap(groupsIn) : node.type === 'approvers' && node.group !== null ? [node.group] : []);
const groupsOf = (policy: Policy): readonly string[] => groupsIn(treeOf(policy));

/** What is allowed, and is seldom meant. */
export function secondLooks({ administrators, quorum, minimumProof, credentials, policies, levels, keys, rosters }: Genesis): readonly string[] {
  const own = keys.flatMap(({ keyId, policy }) => ('ref' in policy || (!('tree' in policy) && 'assuranceLevel' in policy) ? [] : [{ where: `the key ${code(keyId)}`, policy }]));
  const all = [...policies.map(({ name, policy }) => ({ where: `the policy ${code(name)}`, policy })), ...levels.map(({ level, policy }) => ({ where: `the level ${level}`, policy })), ...own];
  const known = new Set(rosters.map(({ group }) => group));
  return [
    ...(administrators.length === quorum + 1 ? [`With the loss of one administrator nothing can be changed any more: ${administrators.length} is the least that a quorum of ${quorum} needs.`] : []),
    ...(minimumProof === 'token' ? ['No proof is asked for unless a policy asks for it: whoever issues tokens, or writes the event store, can then approve.'] : []),
    ...administrators.filter((one) => credentials.every(({ owner, key }) => !sameActor(owner, one) || key.type === 'webauthn')).map(({ subject }) => `${code(subject)} has no key for the command line: he can approve changes and make none.`),
    ...credentials.flatMap(({ credentialId, key }) => (key.type === 'webauthn' && key.backupEligible ? [`The key of ${code(credentialId)} may be backed up by its maker, thus be on devices that nobody here knows.`] : [])),
    ...all.flatMap(({ where, policy }) => [...new Set(groupsOf(policy))].filter((group) => !known.has(group)).map((group) => `${where} asks the group ${code(group)}, which has no members here.`)),
    ...all.flatMap(({ where, policy }) => {
      const { allowUnprovenOrders, requiredProof, requireBinding } = optionsOf(policy);
      return allowUnprovenOrders && requiredProof !== 'token' && !requireBinding ? [`${where} asks for signed approvals, yet takes orders without proof: a broken api can choose what is signed.`] : [];
    }),
    ...keys.flatMap(({ keyId, purpose, policy }) => (purpose !== 'evidence' && 'type' in policy && policy.type === 'none' ? [`The key ${code(keyId)} signs without being asked for.`] : [])),
  ];
}
