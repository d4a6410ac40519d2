import type { InputFault } from '#kernel/domain-error.js';
import type { Policy } from './policy.js';

export const MAX_APPROVERS = 100;
const MAX_NAME = 200;
const isRecord = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

/**
 * Reads a policy from JSON. A count below one is a fault: only `none` says that nobody is asked.
 * @param at JSON Pointer of the policy in the body ('' when it is the body)
 */
export function parsePolicy(value: unknown, at: string): { readonly policy: Policy } | { readonly faults: readonly InputFault[] } {
  if (!isRecord(value)) return { faults: [{ path: at, message: 'must be an object with a type' }] };
  const known = value['type'] === 'none' ? ['type'] : ['type', 'count', 'group', 'role'];
  if (value['type'] !== 'none' && value['type'] !== 'approvers') return { faults: [{ path: `${at}/type`, message: "must be 'none' or 'approvers'" }] };
  const faults: InputFault[] = Object.keys(value).filter((k) => !known.includes(k)).map((k) => ({ path: `${at}/${k.replaceAll('~', '~0').replaceAll('/', '~1')}`, message: 'is not known' }));
  if (value['type'] === 'none') return faults.length > 0 ? { faults } : { policy: { type: 'none' } };
  const { count, group, role } = value;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MAX_APPROVERS) faults.push({ path: `${at}/count`, message: `must be a whole number from 1 to ${MAX_APPROVERS}` });
  for (const [name, text] of [['group', group], ['role', role]] as const)
    if (text !== undefined && (typeof text !== 'string' || text.length < 1 || text.length > MAX_NAME)) faults.push({ path: `${at}/${name}`, message: `must be a text of 1 to ${MAX_NAME} characters` });
  if (faults.length > 0) return { faults };
  return { policy: { type: 'approvers', count: count as number, group: (group as string | undefined) ?? null, role: (role as string | undefined) ?? 'approver' } };
}
