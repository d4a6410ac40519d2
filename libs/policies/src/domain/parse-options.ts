import { hasNoTimeZone } from './allowed-hours.js';
import { MAX_NAME, readTree } from './parse-node.js';
import type { PolicyNode } from './policy-node.js';
import { DAYS, ELIGIBILITIES, LEVELS, NO_OPTIONS, PROOF_KINDS } from './policy-options.js';
import type { AllowedHours, Day, Emergency, GivenOptions, PolicyOptions } from './policy-options.js';
import { fault, isRecord, readFlag, readInteger, readOneOf, readText, refuseUnknown, step } from './reading.js';
import type { Findings } from './reading.js';
import { asksNobody } from './tree-size.js';

/** A year: no duration is longer. */
export const MAX_DURATION_MS = 31_536_000_000;
export const MIN_VALID_MS = 1_000;
export const MAX_USES = 1_000_000;
export const MAX_EXCLUDED_GROUPS = 100;
/** Rejections that an operation can stand before it is rejected, and one more. */
export const MAX_REJECTIONS = 32;

type Reader<T> = (value: unknown, at: string, findings: Findings) => T | undefined;
const integer = (min: number, max: number): Reader<number> => (value, at, findings) => readInteger(value, min, max, at, findings);
const oneOf = <T extends string>(known: readonly T[]): Reader<T> => (value, at, findings) => readOneOf(value, known, at, findings);

const READERS: { readonly [K in keyof PolicyOptions]: Reader<NonNullable<PolicyOptions[K]>> } = {
  assuranceLevel: oneOf(LEVELS),
  minimumDelayMs: integer(0, MAX_DURATION_MS),
  approvalValidityMs: integer(1, MAX_DURATION_MS),
  rejectionsToReject: integer(1, MAX_REJECTIONS),
  requiredProof: oneOf(PROOF_KINDS),
  maxValidMs: integer(MIN_VALID_MS, MAX_DURATION_MS),
  maxUsageCount: integer(1, MAX_USES),
  allowedHours: readAllowedHours,
  excludedGroups: readGroups,
  requireBinding: readFlag,
  allowUnprovenOrders: readFlag,
  evaluateEligibility: oneOf(ELIGIBILITIES),
  emergency: readEmergency,
  remindAfterMs: integer(1, MAX_DURATION_MS),
  escalateAfterMs: integer(1, MAX_DURATION_MS),
  escalateTo: readSomebody,
};
export const OPTION_NAMES = Object.keys(NO_OPTIONS) as readonly (keyof PolicyOptions)[];

/** Reads the options that are given; with a fault the answer is of no use. */
export function readOptions(value: Record<string, unknown>, at: string, findings: Findings): GivenOptions {
  const given: Record<string, unknown> = {};
  for (const name of OPTION_NAMES) {
    if (value[name] === undefined) continue;
    const option = READERS[name](value[name], `${at}/${name}`, findings);
    if (option !== undefined) given[name] = option;
  }
  if (value['escalateTo'] !== undefined && value['escalateAfterMs'] === undefined) fault(findings, `${at}/escalateTo`, 'goes with escalateAfterMs');
  return given;
}

function readAllowedHours(value: unknown, at: string, findings: Findings): AllowedHours | undefined {
  if (!isRecord(value)) return fault(findings, at, 'must be an object with timeZone, days, from and to');
  refuseUnknown(value, ['timeZone', 'days', 'from', 'to'], at, findings);
  const { timeZone, days, from, to } = value;
  const zone = typeof timeZone === 'string' && !hasNoTimeZone(timeZone) ? timeZone : fault(findings, `${at}/timeZone`, 'must be a name of the IANA time zone database');
  const onDays = readDays(days, `${at}/days`, findings);
  const begin = typeof from === 'string' && /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(from) ? from : fault(findings, `${at}/from`, 'must be HH:MM from 00:00 to 23:59');
  const end = typeof to === 'string' && /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/.test(to) ? to : fault(findings, `${at}/to`, 'must be HH:MM from 00:00 to 24:00');
  if (zone === undefined || onDays === undefined || begin === undefined || end === undefined) return undefined;
  if (begin === end) return fault(findings, `${at}/to`, 'must be another time than from; all day is 00:00 to 24:00');
  return { timeZone: zone, days: onDays, from: begin, to: end };
}

function readDays(value: unknown, at: string, findings: Findings): readonly Day[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > DAYS.length) return fault(findings, at, `must be a list of 1 to ${DAYS.length} days`);
  return different(value.map((day: unknown, i) => readOneOf(day, DAYS, at + step(i), findings)), at, findings);
}

function readGroups(value: unknown, at: string, findings: Findings): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_EXCLUDED_GROUPS) return fault(findings, at, `must be a list of at most ${MAX_EXCLUDED_GROUPS} groups`);
  return different(value.map((group: unknown, i) => readText(group, MAX_NAME, at + step(i), findings)), at, findings);
}

function different<T>(values: readonly (T | undefined)[], at: string, findings: Findings): readonly T[] | undefined {
  const twice = values.findIndex((v, i) => v !== undefined && values.indexOf(v) < i);
  if (twice >= 0) return fault(findings, at + step(twice), 'is there twice');
  const whole = values.filter((v): v is T => v !== undefined);
  return whole.length === values.length ? whole : undefined;
}

function readEmergency(value: unknown, at: string, findings: Findings): Emergency | undefined {
  if (!isRecord(value)) return fault(findings, at, 'must be an object with tree, reviewWithinMs and reviewers');
  refuseUnknown(value, ['tree', 'reviewWithinMs', 'reviewers'], at, findings);
  const tree = readSomebody(value['tree'], `${at}/tree`, findings);
  const reviewWithinMs = readInteger(value['reviewWithinMs'], 1, MAX_DURATION_MS, `${at}/reviewWithinMs`, findings);
  const reviewers = readSomebody(value['reviewers'], `${at}/reviewers`, findings);
  return tree === undefined || reviewWithinMs === undefined || reviewers === undefined ? undefined : { tree, reviewWithinMs, reviewers };
}

/** A tree that asks somebody: an emergency path that is open to everybody would be no policy at all. */
function readSomebody(value: unknown, at: string, findings: Findings): PolicyNode | undefined {
  const tree = readTree(value, at, findings);
  return tree !== undefined && asksNobody(tree) ? fault(findings, at, 'must ask somebody') : tree;
}
