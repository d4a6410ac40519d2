import { optionsOf, parsePolicy, parsePolicySource, POLICY_NAME } from '#policies/contract.js';
import type { Level, Policy, PolicySource } from '#policies/contract.js';
import type { Effect } from './effects.js';
import { readObject } from './members.js';
import type { Checked } from './members.js';

/** A level's policy names no level: that would go round in a circle. */
const LEVEL_IN_LEVEL = 'a level asks for those below it, whatever its policy says';

export function readPolicy(value: unknown, at: string): Checked<Policy> {
  const parsed = parsePolicy(value, at);
  return 'policy' in parsed ? { value: parsed.policy } : { faults: 'faults' in parsed ? parsed.faults : parsed.unsatisfiable };
}

export function readPolicySource(value: unknown, at: string): Checked<PolicySource> {
  const parsed = parsePolicySource(value, at);
  return 'source' in parsed ? { value: parsed.source } : { faults: 'faults' in parsed ? parsed.faults : parsed.unsatisfiable };
}

export const readNamedPolicy = (value: unknown, at: string): Checked<{ readonly name: string; readonly policy: Policy }> =>
  readObject(value, at, (m) => ({ name: m.fitting('name', POLICY_NAME, 'must be 1 to 64 of A-Z a-z 0-9 - _ ., starting with a letter or digit'), policy: m.part('policy', readPolicy) }));

export function readForLevel(value: unknown, at: string): Checked<Policy> {
  const read = readPolicy(value, at);
  return 'value' in read && optionsOf(read.value).assuranceLevel !== null ? { faults: [{ path: `${at}/assuranceLevel`, message: LEVEL_IN_LEVEL }] } : read;
}

export const readLevelPolicy = (level: Level, body: unknown): Checked<Effect> => readObject(body, '', (m) => ({ type: 'level-set', level, policy: m.part('policy', readForLevel) }));
