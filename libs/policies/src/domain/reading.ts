import type { InputFault } from '#kernel/domain-error.js';

/** What is wrong with a value, collected while it is read. */
export interface Findings {
  readonly faults: InputFault[];
  /** Well formed, but nobody could ever meet it. */
  readonly unsatisfiable: InputFault[];
}
/** Past this many faults nobody reads on. */
const MAX_FAULTS = 100;

export const noFindings = (): Findings => ({ faults: [], unsatisfiable: [] });

/** @returns undefined, so that a reader can end with it */
export function fault(findings: Findings, path: string, message: string): undefined {
  if (findings.faults.length < MAX_FAULTS) findings.faults.push({ path, message });
}

export const isRecord = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

/** One step of a JSON Pointer (RFC 6901), escaped. */
export const step = (key: string | number): string => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

export function refuseUnknown(value: Record<string, unknown>, known: readonly string[], at: string, findings: Findings): void {
  for (const key of Object.keys(value)) if (!known.includes(key)) fault(findings, at + step(key), 'is not known');
}

/** A whole number in a range; undefined with a fault where it is none. */
export function readInteger(value: unknown, min: number, max: number, at: string, findings: Findings): number | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  return fault(findings, at, max === Number.MAX_SAFE_INTEGER ? `must be a whole number of at least ${min}` : `must be a whole number from ${min} to ${max}`);
}

export function readText(value: unknown, max: number, at: string, findings: Findings): string | undefined {
  if (typeof value === 'string' && value.length >= 1 && value.length <= max) return value;
  return fault(findings, at, `must be a text of 1 to ${max} characters`);
}

export function readOneOf<T extends string>(value: unknown, known: readonly T[], at: string, findings: Findings): T | undefined {
  return known.find((k) => k === value) ?? fault(findings, at, `must be one of ${known.join(', ')}`);
}

export const readFlag = (value: unknown, at: string, findings: Findings): boolean | undefined => (typeof value === 'boolean' ? value : fault(findings, at, 'must be true or false'));
