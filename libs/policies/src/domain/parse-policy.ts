import { DomainError } from '#kernel/domain-error.js';
import type { InputFault } from '#kernel/domain-error.js';
import { MAX_NAME, readTree } from './parse-node.js';
import { OPTION_NAMES, readOptions } from './parse-options.js';
import type { LevelReference, Policy, PolicyReference, PolicySource } from './policy.js';
import { LEVELS } from './policy-options.js';
import { fault, isRecord, noFindings, readInteger, readOneOf, refuseUnknown } from './reading.js';
import type { Findings } from './reading.js';
import { canBeMet } from './tree-size.js';

/** `unsatisfiable`: well formed, but nobody could ever meet it. Paths are JSON Pointers from the body on. */
export type Unreadable = { readonly faults: readonly InputFault[] } | { readonly unsatisfiable: readonly InputFault[] };
export type ReadPolicy = { readonly policy: Policy } | Unreadable;
export type ReadSource = { readonly source: PolicySource } | Unreadable;

/** A policy's name: what `/v1/policies/{name}` takes. */
export const POLICY_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/**
 * Reads a policy from JSON, a node or a document, into its normal form. A count below one is a fault: only `none` says that nobody is asked.
 * @param at JSON Pointer of the policy in the body ('' when it is the body)
 */
export function parsePolicy(value: unknown, at: string): ReadPolicy {
  const findings = noFindings();
  const policy = readPolicy(value, at, findings);
  return unreadable(findings) ?? { policy: whole(policy) };
}

/** Reads what a key holds: a policy, or a reference to one by name or by level. */
export function parsePolicySource(value: unknown, at: string): ReadSource {
  const findings = noFindings();
  const source = readReference(value, at, findings) ?? (findings.faults.length > 0 ? undefined : readPolicy(value, at, findings));
  return unreadable(findings) ?? { source: whole(source) };
}

/** The refusal of a policy that nobody could ever meet: 422 POLICY_UNSATISFIABLE with one entry a fault. */
export const unsatisfiable = (faults: readonly InputFault[]): DomainError =>
  new DomainError('POLICY_UNSATISFIABLE', faults.map((f) => `${f.path}: ${f.message}`).join('; '), { faults });

function readPolicy(value: unknown, at: string, findings: Findings): Policy | undefined {
  if (!isRecord(value) || value['tree'] === undefined) return readTree(value, at, findings);
  refuseUnknown(value, ['tree', ...OPTION_NAMES], at, findings);
  const tree = readTree(value['tree'], `${at}/tree`, findings);
  const options = readOptions(value, at, findings);
  if (tree === undefined) return undefined;
  const excluded = options.excludedGroups ?? [];
  if (canBeMet(tree, () => true) && !canBeMet(tree, ({ group }) => group === null || !excluded.includes(group)))
    findings.unsatisfiable.push({ path: `${at}/excludedGroups`, message: 'leaves nobody who could meet the tree' });
  return { tree, ...options };
}

/** Undefined without a fault: it is no reference. */
function readReference(value: unknown, at: string, findings: Findings): PolicyReference | LevelReference | undefined {
  if (!isRecord(value) || value['tree'] !== undefined || value['type'] !== undefined) return undefined;
  if (value['ref'] !== undefined) {
    refuseUnknown(value, ['ref', 'version'], at, findings);
    const { ref, version } = value;
    const name = typeof ref === 'string' && ref.length <= MAX_NAME && POLICY_NAME.test(ref) ? ref : fault(findings, `${at}/ref`, 'must be a policy’s name: 1 to 64 of A-Z a-z 0-9 - _ ., starting with a letter or digit');
    const pinned = version === undefined ? null : readInteger(version, 1, Number.MAX_SAFE_INTEGER, `${at}/version`, findings);
    return name === undefined || pinned === undefined ? undefined : { ref: name, version: pinned };
  }
  if (value['assuranceLevel'] === undefined) return undefined;
  refuseUnknown(value, ['assuranceLevel'], at, findings);
  const assuranceLevel = readOneOf(value['assuranceLevel'], LEVELS, `${at}/assuranceLevel`, findings);
  return assuranceLevel === undefined ? undefined : { assuranceLevel };
}

function unreadable({ faults, unsatisfiable }: Findings): Unreadable | undefined {
  if (faults.length > 0) return { faults };
  return unsatisfiable.length > 0 ? { unsatisfiable } : undefined;
}

function whole<T>(read: T | undefined): T {
  if (read === undefined) throw new TypeError('what cannot be read has a fault');
  return read;
}
