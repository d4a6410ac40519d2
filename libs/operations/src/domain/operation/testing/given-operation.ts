import { NOBODY_KNOWN } from '#identity/contract.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Policy } from '#policies/contract.js';
import type { OperationCommand, Person } from '../commands.js';
import { operationDecider } from '../decide.js';
import type { GrantedKey, OperationEvent, Requested, Settlement } from '../events.js';
import { evolveOperation } from '../evolve.js';
import { initialOperation } from '../state.js';
import type { OperationState } from '../state.js';
import type { Now } from '../use.js';

/** 12:00 is when it was asked for, 12:10 when its window opens, 13:00 when it ends; commands are given at 12:30 unless they say otherwise. */
export const at = (time: string): string => `2026-11-20T${time.length === 5 ? `${time}:00.000` : time}Z`;
export const nowAt = (closing: string, opening = closing): Now => ({ closing: at(closing), opening: at(opening) });
const NOON = nowAt('12:30');

export const ISSUER = 'https://idp.example';
export const person = (subject: string, over: Partial<Person> = {}): Person => ({ issuer: ISSUER, subject, roles: ['approver'], groups: ['fw'], name: `Name of ${subject}`, claims: { repository: 'acme/fw' }, ...over });
export const ORDERER = person('orderer1', { roles: ['orderer'], groups: [] });
export const [ONE, TWO, THREE] = [person('approver1'), person('approver2'), person('approver3')] as const;
export const STRANGER = person('stranger', { groups: ['hw'] });
export const ADMINISTRATOR = person('admin1', { roles: ['administrator'], groups: [] });
const who = ({ issuer, subject }: Person): { issuer: string; subject: string } => ({ issuer, subject });

export const NONE: Policy = { type: 'none' };
export const approvers = (count: number, group: string | null = 'fw', role = 'approver'): Policy => ({ type: 'approvers', count, group, role });
export const key = (keyId: string, policy: Policy, maxUsageCount = 3): GrantedKey => ({ keyId, algorithm: 'ES256', publicKeySha256: `${keyId}-spki`, maxUsageCount, policy });
export const DIGEST = 'request-digest';

export const requestOf = (keyUsages: readonly GrantedKey[], over: Partial<Requested['data']> = {}): Requested['data'] => ({
  operationId: 'op-1', requestDigest: DIGEST, requestedBy: who(ORDERER), requestedAt: at('12:00'), notBefore: at('12:10'), expiresAt: at('13:00'), description: 'Release', approverContext: null,
  keyUsages, binding: null, personal: { name: ORDERER.name, claims: ORDERER.claims, statement: '{}' }, ...over,
});

/** Events, as the decider makes them. */
export const requested = (keyUsages: readonly GrantedKey[], over: Partial<Requested['data']> = {}): OperationEvent => ({ type: 'operations.requested.v1', data: requestOf(keyUsages, over) });
const decision = (by: Person, comment: string | null) => ({ by: who(by), roles: by.roles, groups: by.groups, at: NOON.closing, requestDigest: DIGEST, personal: { name: by.name, claims: by.claims, comment } });
export const approval = (by: Person, comment: string | null = null): OperationEvent => ({ type: 'operations.approval-given.v1', data: decision(by, comment) });
export const rejection = (by: Person, comment: string | null = null): OperationEvent => ({ type: 'operations.rejection-given.v1', data: decision(by, comment) });
export const withdrawal = (by: Person): OperationEvent => ({ type: 'operations.approval-withdrawn.v1', data: { by: who(by) } });
export const revocation = (by: Person): OperationEvent => ({ type: 'operations.revoked.v1', data: { by: who(by), personal: { name: by.name, reason: 'leak' } } });
export const approved: OperationEvent = { type: 'operations.approved.v1', data: {} };
export const rejected: OperationEvent = { type: 'operations.rejected.v1', data: {} };
export const expired: OperationEvent = { type: 'operations.expired.v1', data: {} };
export const exhausted: OperationEvent = { type: 'operations.exhausted.v1', data: {} };
const order = (signOrderId: string, keyId: string, count: number) => ({ signOrderId, requestedAt: NOON.closing, keyId, count, input: { digests: Array<string>(count).fill('d') }, format: 'der' as const, bodyDigest: `body of ${signOrderId}` });
export const reservation = (signOrderId: string, keyId = 'fw-dev', count = 1): OperationEvent => ({ type: 'operations.uses-reserved.v1', data: { ...order(signOrderId, keyId, count), operationId: 'op-1', algorithm: 'ES256', publicKeySha256: `${keyId}-spki` } });
export const settled = (...of: readonly (readonly [signOrderId: string, spent: number, keyId?: string])[]): OperationEvent => ({ type: 'operations.uses-settled.v1', data: { settled: of.map(([signOrderId, spent, keyId = 'fw-dev']) => ({ signOrderId, keyId, spent, cause: `end of ${signOrderId}` })) } });
export const returned = (...of: readonly (readonly [signOrderId: string, count: number, keyId?: string])[]): OperationEvent => ({ type: 'operations.uses-returned.v1', data: { returned: of.map(([signOrderId, count, keyId = 'fw-dev']) => ({ signOrderId, keyId, count, cause: `end of ${signOrderId}` })) } });

/** Commands. */
type Reserve = Extract<OperationCommand, { type: 'reserve-uses' }>;
export const request = (keyUsages: readonly GrantedKey[]): OperationCommand => ({ type: 'request', directory: NOBODY_KNOWN, request: requestOf(keyUsages), now: NOON });
export const decide = (by: Person, kind: 'approve' | 'reject', over: { readonly requestDigest?: string; readonly comment?: string | null; readonly now?: Now } = {}): OperationCommand => ({ type: 'decide', proof: null, directory: NOBODY_KNOWN, decision: kind, by, requestDigest: DIGEST, comment: null, now: NOON, ...over });
export const approve = (by: Person, over: Parameters<typeof decide>[2] = {}): OperationCommand => decide(by, 'approve', over);
export const reject = (by: Person, over: Parameters<typeof decide>[2] = {}): OperationCommand => decide(by, 'reject', over);
export const withdraw = (by: Person, now = NOON): OperationCommand => ({ type: 'withdraw-approval', directory: NOBODY_KNOWN, by, now });
export const revoke = (by: Person, { privileged = false, now = NOON }: { privileged?: boolean; now?: Now } = {}): OperationCommand => ({ type: 'revoke', directory: NOBODY_KNOWN, by, privileged, reason: 'leak', now });
export const expire = (now: Now): OperationCommand => ({ type: 'expire', now });
export const reserve = (signOrderId: string, { keyId = 'fw-dev', count = 1, by = ORDERER, digests = Array<string>(Math.max(0, count || 0)).fill('d'), keyEnabled = true, unavailable = null, now = NOON }: Partial<Pick<Reserve, 'digests' | 'keyEnabled' | 'unavailable' | 'now'>> & { keyId?: string; count?: number; by?: Person } = {}): OperationCommand => ({
  type: 'reserve-uses', inForce: null, directory: NOBODY_KNOWN, by, order: { ...order(signOrderId, keyId, 0), count, input: { digests } }, digests, keyEnabled, lacking: null, unavailable, now,
});
export const end = (signOrderId: string, spent: number, returnedCount = 0): Settlement => ({ signOrderId, spent, returned: returnedCount, cause: `end of ${signOrderId}` });
export const settle = (outcomes: readonly Settlement[], now = NOON): OperationCommand => ({ type: 'settle-uses', outcomes, now });

export const fold = (...events: readonly OperationEvent[]): OperationState => events.reduce(evolveOperation, initialOperation);
const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
};
/** The code with which a command is refused over a state; undefined when it is not. */
export const refusal = (state: OperationState, command: OperationCommand): string | undefined => codeOf(() => operationDecider.decide(command, state));

export const given = (...events: readonly OperationEvent[]) => ({
  when: (command: OperationCommand) => ({
    then: (...expected: readonly OperationEvent[]): void => expect(operationDecider.decide(command, fold(...events))).toEqual(expected),
    refuses: (code: string): void => expect(refusal(fold(...events), command)).toBe(code),
  }),
});
