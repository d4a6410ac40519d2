import { exhaustive } from '#kernel/exhaustive.js';
import { optionsOf, treeOf } from '#policies/contract.js';
import type { Policy, PolicyNode, PolicyOptions, PolicySource } from '#policies/contract.js';
import { code, duration, people } from './wording.js';

/** What a key asks for, as it is read aloud. */
export function sourceInWords(source: PolicySource): string {
  if ('ref' in source) return `the policy ${code(source.ref)}${source.version === null ? '' : `, version ${source.version}`}`;
  if ('assuranceLevel' in source && !('tree' in source)) return `the level ${source.assuranceLevel}, and every lower one`;
  return policyInWords(source);
}

/** A policy as it is read aloud: its tree, then every option that it has. */
export const policyInWords = (policy: Policy): string => [treeInWords(treeOf(policy)), ...optionsInWords(optionsOf(policy))].join('; ');

function treeInWords(node: PolicyNode): string {
  switch (node.type) {
    case 'none':
      return 'nobody is asked';
    case 'approvers':
      return `${people(node.count)}${node.group === null ? '' : ` of the group ${code(node.group)}`}${node.role === 'approver' ? '' : ` with the role ${code(node.role)}`}`;
    case 'allOf':
      return `all of (${node.of.map(treeInWords).join(' AND ')})`;
    case 'anyOf':
      return `one of (${node.of.map(treeInWords).join(' OR ')})`;
    case 'threshold':
      return `at least ${node.k} points of (${node.of.map((child, i) => `${node.weights?.[i] ?? 1} for ${treeInWords(child)}`).join(', ')})`;
    case 'sequence':
      return `in this order (${node.of.map(treeInWords).join(' THEN ')})`;
    default:
      return exhaustive(node);
  }
}

/** Keyed by option, so that none is forgotten when one is added. */
const WORDS: { readonly [K in keyof PolicyOptions]: (value: NonNullable<PolicyOptions[K]>) => string | null } = {
  assuranceLevel: (level) => `and the level ${level} with every lower one`,
  minimumDelayMs: (ms) => (ms === 0 ? null : `not earlier than ${duration(ms)} after the request`),
  approvalValidityMs: (ms) => `an approval holds for ${duration(ms)}`,
  rejectionsToReject: (count) => (count === 1 ? null : `${count} rejections end it`),
  requiredProof: (proof) => (proof === 'token' ? null : proof === 'webauthn' ? 'every approval is signed by a WebAuthn authenticator' : 'every approval is signed'),
  maxValidMs: (ms) => `for ${duration(ms)} at most`,
  maxUsageCount: (count) => `${count === 1 ? '1 use' : `${count} uses`} at most`,
  allowedHours: ({ timeZone, days, from, to }) => `used only on ${days.join(' ')} from ${from} to ${to}, ${code(timeZone)}`,
  excludedGroups: (groups) => (groups.length === 0 ? null : `nobody of ${groups.map(code).join(', ')} counts`),
  requireBinding: (required) => (required ? 'only for digests that are named in the request' : null),
  allowUnprovenOrders: (allowed) => (allowed ? 'ORDERS NEED NO PROOF of their orderer' : null),
  evaluateEligibility: (when) => (when === 'atUse' ? null : 'who approved counts even if he could not any more'),
  emergency: ({ tree, reviewWithinMs, reviewers }) => `IN AN EMERGENCY ${treeInWords(tree)}, reviewed within ${duration(reviewWithinMs)} by ${treeInWords(reviewers)}`,
  remindAfterMs: (ms) => `a reminder after ${duration(ms)}`,
  escalateAfterMs: (ms) => `escalated after ${duration(ms)}`,
  escalateTo: (node) => `escalated to ${treeInWords(node)}`,
};

const wordsFor = <K extends keyof PolicyOptions>(name: K, options: PolicyOptions): string | null => {
  const value = options[name];
  return value === null ? null : WORDS[name](value);
};

const optionsInWords = (options: PolicyOptions): readonly string[] => (Object.keys(WORDS) as (keyof PolicyOptions)[]).flatMap((name) => wordsFor(name, options) ?? []);
