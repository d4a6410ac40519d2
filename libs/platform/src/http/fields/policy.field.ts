import { parsePolicy, parsePolicySource, unsatisfiable } from '#policies/contract.js';
import type { Policy, PolicySource } from '#policies/contract.js';
import { invalid } from '#kernel/domain-error.js';
import type { InputFault } from '#kernel/domain-error.js';
import { POLICY_REQUEST, POLICY_SOURCE_REQUEST } from '../schema/policy.schema.js';
import { Field, OK } from './field.js';

/** What is wrong with the shape of a policy; that nobody could meet it is no matter of shape, and `policyOf` says so. */
export function policyFaults(value: unknown): readonly InputFault[] {
  const read = parsePolicy(value, '');
  return 'faults' in read ? read.faults : OK;
}
export function policySourceFaults(value: unknown): readonly InputFault[] {
  const read = parsePolicySource(value, '');
  return 'faults' in read ? read.faults : OK;
}

/** A node or a document; its faults are the policies' own. */
export const PolicyField = (): PropertyDecorator => Field({ check: policyFaults, schema: POLICY_REQUEST });
/** The same, or a reference. */
export const PolicySourceField = (): PropertyDecorator => Field({ check: policySourceFaults, schema: POLICY_SOURCE_REQUEST });

/** The policy of a document. @param at JSON Pointer of it in the body. @throws DomainError VALIDATION_FAILED or POLICY_UNSATISFIABLE */
export function policyOf(document: unknown, at: string): Policy {
  const read = parsePolicy(document, at);
  if ('faults' in read) throw invalid(...read.faults);
  if ('unsatisfiable' in read) throw unsatisfiable(read.unsatisfiable);
  return read.policy;
}

/** What a key is to hold. @throws as `policyOf` */
export function policySourceOf(document: unknown, at: string): PolicySource {
  const read = parsePolicySource(document, at);
  if ('faults' in read) throw invalid(...read.faults);
  if ('unsatisfiable' in read) throw unsatisfiable(read.unsatisfiable);
  return read.source;
}
