import fc from 'fast-check';
import { DAYS, LEVELS, PROOF_KINDS } from '../policy-options.js';
import type { GivenOptions } from '../policy-options.js';
import type { Policy } from '../policy.js';
import { trees } from './random-policies.js';
import { asksNobody } from '../tree-size.js';

const somebody = trees(2).filter((tree) => !asksNobody(tree));
const duration = fc.integer({ min: 1_000, max: 31_536_000_000 });
const escalation = fc.oneof(fc.constant({}), fc.record({ escalateAfterMs: duration, escalateTo: somebody }));
const options: fc.Arbitrary<GivenOptions> = fc.record({
  assuranceLevel: fc.constantFrom(...LEVELS), minimumDelayMs: duration, approvalValidityMs: duration, rejectionsToReject: fc.integer({ min: 1, max: 32 }), requiredProof: fc.constantFrom(...PROOF_KINDS),
  maxValidMs: duration, maxUsageCount: fc.integer({ min: 1, max: 1_000_000 }), requireBinding: fc.boolean(), allowUnprovenOrders: fc.boolean(), evaluateEligibility: fc.constantFrom('atDecision', 'atUse'), remindAfterMs: duration,
  allowedHours: fc.record({ timeZone: fc.constantFrom('UTC', 'Europe/Copenhagen'), days: fc.subarray([...DAYS], { minLength: 1 }), from: fc.constantFrom('08:00', '22:30'), to: fc.constantFrom('24:00', '06:15') }),
  excludedGroups: fc.subarray(['contractors', 'guests']),
  emergency: fc.record({ tree: somebody, reviewWithinMs: duration, reviewers: somebody }),
}, { requiredKeys: [] });

/** Policies in their normal form: trees alone, and with options. */
export const policies: fc.Arbitrary<Policy> = fc.oneof(trees(4), fc.tuple(trees(3), options, escalation).map(([tree, given, more]): Policy => ({ tree, ...given, ...more })));
