import { parsePolicySource, unsatisfiable } from '#policies/contract.js';
import type { PolicySource } from '#policies/contract.js';
import { invalid } from '#kernel/domain-error.js';
import type { InputFault } from '#kernel/domain-error.js';
import { POLICY_SOURCE_REQUEST } from '../schema/policy.schema.js';
import { Field, OK } from './field.js';

/** What is wrong with the shape of what a key is to hold; that nobody could meet it is no matter of shape, and `policySourceOf` says so. */
export function policySourceFaults(value: unknown): readonly InputFault[] {
  const read = parsePolicySource(value, '');
  return 'faults' in read ? read.faults : OK;
}

/** A node, a document, or a reference; its faults are the policies' own. */
export const PolicySourceField = (): PropertyDecorator => Field({ check: policySourceFaults, schema: POLICY_SOURCE_REQUEST });

/** What a key is to hold. @param at JSON Pointer of it in the body. @throws DomainError VALIDATION_FAILED or POLICY_UNSATISFIABLE */
export function policySourceOf(document: unknown, at: string): PolicySource {
  const read = parsePolicySource(document, at);
  if ('faults' in read) throw invalid(...read.faults);
  if ('unsatisfiable' in read) throw unsatisfiable(read.unsatisfiable);
  return read.source;
}
