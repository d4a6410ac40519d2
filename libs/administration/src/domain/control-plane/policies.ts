import { parsePolicy } from '#policies/contract.js';
import type { Policy } from '#policies/contract.js';
import type { Effect } from './effects.js';
import { readObject } from './members.js';
import type { Checked } from './members.js';
import { ID_MESSAGE, ID_PATTERN } from './people.js';
import { parsePolicySource } from './policy-words.js';
import type { Level, PolicySource } from './policy-words.js';

export function readPolicy(value: unknown, at: string): Checked<Policy> {
  const parsed = parsePolicy(value, at);
  return 'policy' in parsed ? { value: parsed.policy } : parsed;
}

export function readPolicySource(value: unknown, at: string): Checked<PolicySource> {
  const parsed = parsePolicySource(value, at);
  return 'source' in parsed ? { value: parsed.source } : parsed;
}

export const readNamedPolicy = (value: unknown, at: string): Checked<{ readonly name: string; readonly policy: Policy }> =>
  readObject(value, at, (m) => ({ name: m.fitting('name', ID_PATTERN, ID_MESSAGE), policy: m.part('policy', readPolicy) }));

export const readLevelPolicy = (level: Level, body: unknown): Checked<Effect> => readObject(body, '', (m) => ({ type: 'level-set', level, policy: m.part('policy', readPolicy) }));
