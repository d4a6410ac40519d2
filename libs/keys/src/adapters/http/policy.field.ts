import { parsePolicy } from '#policies/contract.js';
import type { Policy } from '#policies/contract.js';
import { invalid } from '#kernel/domain-error.js';
import { Field, OK } from '#platform/http/fields/field.js';
import { POLICY_REQUEST } from '#platform/http/schema/policy.schema.js';

/** A policy document; its faults are the policies' own. */
export const PolicyField = (): PropertyDecorator =>
  Field({
    check: (value) => {
      const parsed = parsePolicy(value, '');
      return 'faults' in parsed ? parsed.faults : OK;
    },
    schema: POLICY_REQUEST,
  });

/** The policy of a document whose shape was checked. @throws DomainError VALIDATION_FAILED */
export function policyOf(document: unknown): Policy {
  const parsed = parsePolicy(document, '');
  if ('faults' in parsed) throw invalid(...parsed.faults);
  return parsed.policy;
}
