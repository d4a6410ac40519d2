import { parsePolicySource } from '#policies/contract.js';
import { sourceInWords } from './policy-in-words.js';
import { code, duration, inFours } from './wording.js';

const words = (value: unknown): string => {
  const read = parsePolicySource(value, '');
  if (!('source' in read)) throw new Error(JSON.stringify(read));
  return sourceInWords(read.source);
};
const two = { type: 'approvers', count: 2, group: 'fw' };
const one = { type: 'approvers', count: 1 };

describe('a policy in words', () => {
  it.each<[unknown, string]>([
    [{ type: 'none' }, 'nobody is asked'],
    [one, '1 person'],
    [{ ...two, role: 'auditor' }, '2 different people of the group `fw` with the role `auditor`'],
    [{ type: 'anyOf', of: [two, { type: 'allOf', of: [one, { type: 'none' }] }] }, 'one of (2 different people of the group `fw` OR all of (1 person AND nobody is asked))'],
    [{ type: 'threshold', k: 3, of: [two, one], weights: [2, 1] }, 'at least 3 points of (2 for 2 different people of the group `fw`, 1 for 1 person)'],
    [{ type: 'threshold', k: 1, of: [two, one] }, 'at least 1 points of (1 for 2 different people of the group `fw`, 1 for 1 person)'],
    [{ type: 'sequence', of: [two, one] }, 'in this order (2 different people of the group `fw` THEN 1 person)'],
    [{ ref: 'p' }, 'the policy `p`'],
    [{ ref: 'p', version: 3 }, 'the policy `p`, version 3'],
    [{ assuranceLevel: 'L2' }, 'the level L2, and every lower one'],
    [{ tree: one, assuranceLevel: 'L1' }, '1 person; and the level L1 with every lower one'],
  ])('%j', (policy, said) => {
    expect(words(policy)).toBe(said);
  });

  it('leaves out no option', () => {
    const said = words({
      tree: one, minimumDelayMs: 90_000, approvalValidityMs: 3_600_000, rejectionsToReject: 2, requiredProof: 'webauthn', maxValidMs: 86_400_000, maxUsageCount: 1, excludedGroups: ['a', 'b'], requireBinding: true, allowUnprovenOrders: true,
      evaluateEligibility: 'atDecision', allowedHours: { timeZone: 'Europe/Copenhagen', days: ['mon', 'tue'], from: '08:00', to: '18:00' }, emergency: { tree: one, reviewWithinMs: 3_600_000, reviewers: two }, remindAfterMs: 1_000, escalateAfterMs: 2_000, escalateTo: two,
    });
    for (const part of ['1 min 30 s after', 'holds for 1 h', '2 rejections', 'WebAuthn', 'for 1 d at most', '1 use at most', '`a`, `b`', 'digests that are named', 'NO PROOF', 'even if', 'mon tue from 08:00 to 18:00', 'IN AN EMERGENCY 1 person, reviewed within 1 h by 2 different', 'reminder after 1 s', 'escalated after 2 s', 'escalated to 2 different']) expect(said).toContain(part);
  });

  it('spells out what can not be seen', () => {
    expect([code('a`b'), code('a\u200bb'), code('a\u00a0b'), duration(0), inFours('0123456789')]).toEqual(['`` a`b ``', '`a\\u{200b}b`', '`a\\u{a0}b`', '0 s', ['0123 4567 89']]);
  });
});
