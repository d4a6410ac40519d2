export type { ApproversPolicy, Policy, PolicyPrincipal, PolicyVerdict } from './domain/policy.js';
export { evaluatePolicy, mayApprove, policyTerms, samePolicy } from './domain/policy.js';
export { parsePolicy } from './domain/parse-policy.js';
