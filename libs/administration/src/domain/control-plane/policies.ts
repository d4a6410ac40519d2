import { optionsOf, parsePolicy, parsePolicySource, POLICY_NAME } from '#policies/contract.js';
import type { Level, Policy, PolicySource, Unreadable } from '#policies/contract.js';
import type { InputFault } from '#kernel/domain-error.js';
import type { Effect } from './effects.js';
import { readObject } from './members.js';
import type { Checked } from './members.js';

/** A level's policy names no level: that would go round in a circle. */
const LEVEL_IN_LEVEL = 'a level asks for those below it, whatever its policy says';

/** Well formed, but nobody could ever meet it: no matter of shape. */
export interface UnsatisfiableFault extends InputFault {
  readonly unsatisfiable: true;
}
export const isUnsatisfiable = (fault: InputFault): fault is UnsatisfiableFault => 'unsatisfiable' in fault;

const faultsOf = (read: Unreadable): readonly InputFault[] => ('faults' in read ? read.faults : read.unsatisfiable.map((fault): UnsatisfiableFault => ({ ...fault, unsatisfiable: true })));

export function readPolicy(value: unknown, at: string): Checked<Policy> {
  const parsed = parsePolicy(value, at);
  return 'policy' in parsed ? { value: parsed.policy } : { faults: faultsOf(parsed) };
}

export function readPolicySource(value: unknown, at: string): Checked<PolicySource> {
  const parsed = parsePolicySource(value, at);
  return 'source' in parsed ? { value: parsed.source } : { faults: faultsOf(parsed) };
}

export const readNamedPolicy = (value: unknown, at: string): Checked<{ readonly name: string; readonly policy: Policy }> =>
  readObject(value, at, (m) => ({ name: m.fitting('name', POLICY_NAME, 'must be 1 to 64 of A-Z a-z 0-9 - _ ., starting with a letter or digit'), policy: m.part('policy', readPolicy) }));

export function readForLevel(value: unknown, at: string): Checked<Policy> {
  const read = readPolicy(value, at);
  return 'value' in read && optionsOf(read.value).assuranceLevel !== null ? { faults: [{ path: `${at}/assuranceLevel`, message: LEVEL_IN_LEVEL }] } : read;
}

export const readLevelPolicy = (level: Level, body: unknown): Checked<Effect> => readObject(body, '', (m) => ({ type: 'level-set', level, policy: m.part('policy', readForLevel) }));
