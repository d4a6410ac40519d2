// Who counts, told once more in the plainest way, against the engine, the queue, and the signers' judgement.
import fc from 'fast-check';
import { initialKey } from '#keys/contract.js';
import { decideOperation } from '#operations/domain/operation/decide.js';
import { mayDecideNow } from '#operations/domain/operation/decision.js';
import { evolveOperation } from '#operations/domain/operation/evolve.js';
import type { OperationState, StandingDecision } from '#operations/domain/operation/state.js';
import { quorumMet } from '#operations/domain/operation/status.js';
import { at, DIGEST, fold, key, nowAt, person, requested } from '#operations/domain/operation/testing/given-operation.js';
import { account, directoryFor } from '#operations/domain/operation/testing/people.js';
import type { Society } from '#operations/domain/operation/testing/people.js';
import type { Policy } from '#policies/contract.js';
import { judge } from '#signing/application/gate/judge.js';
import type { Question } from '#signing/application/gate/question.js';

const NOW = nowAt('12:30');
const SUBJECTS = ['a', 'b', 'c', 'd', 'e', 'f'];
const GROUPS = ['fw', 'hw', 'out'];

interface Case {
  /** The human of each account, by number; several accounts may have one. */
  readonly human: readonly number[];
  /** The account that owns each, or none. */
  readonly owner: readonly (number | null)[];
  readonly suspended: readonly number[];
  readonly roster: readonly (readonly string[])[];
  readonly deputies: readonly { readonly principal: number; readonly deputy: number; readonly groups: readonly string[] }[];
  readonly revoked: readonly number[];
  readonly apart: boolean;
  readonly excluded: boolean;
  readonly count: number;
  readonly group: string | null;
  readonly rejections: number;
  readonly requester: number;
  readonly decided: readonly { readonly by: number; readonly for: number | null; readonly told: readonly string[]; readonly reject: boolean }[];
}
const one = fc.nat({ max: SUBJECTS.length - 1 });
const six = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> => fc.array(of, { minLength: SUBJECTS.length, maxLength: SUBJECTS.length });
const mostly = fc.oneof({ weight: 3, arbitrary: fc.constant(['fw']) }, { weight: 2, arbitrary: fc.subarray(GROUPS) });
const cases: fc.Arbitrary<Case> = fc.record({
  human: fc.oneof(fc.constant([0, 1, 2, 3, 4, 5]), six(one)), owner: fc.oneof(fc.constant([null, null, null, null, null, null]), six(fc.option(one, { freq: 2 }))), suspended: fc.oneof(fc.constant<number[]>([]), fc.subarray([0, 1, 2, 3, 4, 5], { maxLength: 2 })),
  roster: six(mostly), deputies: fc.array(fc.record({ principal: one, deputy: one, groups: fc.subarray(['fw', 'hw'], { minLength: 1 }) }), { maxLength: 4 }), revoked: fc.subarray([0, 1, 2, 3, 4, 5], { maxLength: 1 }),
  apart: fc.boolean(), excluded: fc.boolean(), count: fc.integer({ min: 1, max: 3 }), group: fc.constantFrom('fw', 'fw', 'hw', null), rejections: fc.integer({ min: 1, max: 3 }), requester: one,
  decided: fc.uniqueArray(fc.record({ by: one, for: fc.option(fc.nat({ max: 3 })), told: mostly, reject: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }) }), { maxLength: 5, selector: (d) => d.by }),
});

/** The naive model: loops over everything that there is. */
class Model {
  constructor(private readonly c: Case) {}
  private readonly all = SUBJECTS.map((_, i) => i);
  /** Accounts of one human. */
  accounts = (i: number): readonly number[] => this.all.filter((j) => this.c.human[j] === this.c.human[i]);
  /** Machines are owned by another human; whoever owns himself is nobody's. */
  owners = (i: number): readonly number[] => [...new Set(this.accounts(i).flatMap((j) => (this.c.owner[j] === null || this.c.owner[j] === undefined || this.accounts(i).includes(this.c.owner[j]) ? [] : [this.c.owner[j]])))];
  humans = (i: number): readonly (number | undefined)[] => [i, ...this.owners(i)].map((j) => this.c.human[j]);
  shares = (i: number, j: number): boolean => this.humans(i).some((h) => this.humans(j).includes(h));
  isSuspended = (i: number): boolean => this.humans(i).some((h) => h !== undefined && this.c.suspended.includes(h));
  private isDeputyOf = (i: number, requester: number): boolean => this.standIns().some((d) => this.humans(requester).includes(this.c.human[d.principal]) && this.humans(i).includes(this.c.human[d.deputy]));
  standIns = () => this.c.deputies.map((d, id) => ({ ...d, id }));
  /** Who stands in for somebody else who is not suspended himself. */
  usable = (deputy: number) => this.standIns().filter((d) => d.deputy === deputy && this.c.human[d.principal] !== this.c.human[deputy] && !this.c.suspended.includes(this.c.human[d.principal] ?? -1));
  mayNever(i: number, told: readonly string[]): boolean {
    const groups = [...told, ...[i, ...this.owners(i)].flatMap((j) => this.accounts(j)).flatMap((j) => this.c.roster[j] ?? [])];
    const shut = (this.c.excluded && groups.includes('out')) || (this.c.apart && groups.includes('fw') && groups.includes('hw'));
    return shut || this.isSuspended(i) || this.shares(i, this.c.requester) || this.isDeputyOf(i, this.c.requester);
  }
  fits = (groups: readonly string[]): boolean => this.c.group === null || groups.includes(this.c.group);
  held = (i: number, groups: readonly string[]): readonly string[] => groups.filter((g) => (this.c.roster[i] ?? []).includes(g));
  /** In whose name each decision was given: what the test stores. */
  principal = (d: Case['decided'][number]) => {
    const named = this.standIns().filter((s) => s.deputy === d.by && this.c.human[s.principal] !== this.c.human[s.deputy]);
    return d.for === null ? undefined : named[d.for % Math.max(1, named.length)];
  };

  takes(d: Case['decided'][number]): boolean {
    const standIn = this.principal(d);
    if (this.c.revoked.includes(d.by) || this.mayNever(d.by, d.told)) return false;
    return standIn === undefined || (!this.mayNever(standIn.principal, []) && this.usable(d.by).some((s) => s.id === standIn.id));
  }
  behind = (d: Case['decided'][number]): readonly (number | undefined)[] => [...this.humans(d.by), ...(this.principal(d) === undefined ? [] : this.humans(this.principal(d)?.principal ?? 0))];
  rejectedFor = (): readonly (number | undefined)[] => this.c.decided.filter((d) => d.reject).flatMap((d) => this.humans(this.principal(d)?.principal ?? d.by));
  counting(): readonly Case['decided'][number][] {
    const taken = this.c.decided.filter((d) => !d.reject && this.takes(d));
    const alone = taken.filter((d) => new Set(this.behind(d)).size === 1);
    const kept = [...alone];
    for (const d of taken) if (!alone.includes(d) && !this.behind(d).some((h) => this.rejectedFor().includes(h) || kept.some((k) => this.behind(k).includes(h)))) kept.push(d);
    return kept;
  }
  brings = (d: Case['decided'][number]): readonly string[] => {
    const standIn = this.principal(d);
    return standIn === undefined ? this.held(d.by, d.told) : this.held(standIn.principal, standIn.groups);
  };
  isMet = (): boolean => new Set(this.counting().filter((d) => this.fits(this.brings(d))).map((d) => this.c.human[d.by])).size >= this.c.count;
  names = (d: Case['decided'][number]): boolean => {
    const told = this.principal(d)?.groups ?? d.told;
    return this.fits(told) && !(this.c.excluded && told.includes('out'));
  };
  isRejected(): boolean {
    const taken: (number | undefined)[] = [];
    let rejections = 0;
    for (const d of this.c.decided.filter((x) => x.reject && this.names(x))) {
      const humans = this.humans(this.principal(d)?.principal ?? d.by);
      if (!humans.some((h) => taken.includes(h))) rejections += 1;
      taken.push(...humans);
    }
    return rejections >= this.c.rejections;
  }
  /** Whether an approval by him is asked for. */
  isAsked(i: number, told: readonly string[]): boolean {
    const his = this.c.decided.filter((d) => this.c.human[d.by] === this.c.human[i]);
    if (this.mayNever(i, told) || his.some((d) => d.reject)) return false;
    const named = his.filter((d) => this.names(d));
    if (his.length > 0 && (named.length === 0 || named.some((d) => this.takes(d)))) return false;
    if (this.fits(this.held(i, told))) return true;
    const decided = [...this.rejectedFor(), ...this.counting().flatMap((d) => this.behind(d))];
    return this.usable(i).some(({ principal, groups }) => !this.mayNever(principal, []) && this.fits(this.held(principal, groups)) && ![...this.humans(i), ...this.humans(principal)].some((h) => decided.includes(h)));
  }
}

const at6 = (i: number): string => SUBJECTS[i] ?? '';
function societyOf(c: Case): Society {
  const humans = [...new Set(c.human)];
  const owned = (h: number): readonly string[] => SUBJECTS.filter((_, i) => c.owner[i] !== null && c.owner[i] !== undefined && c.human[c.owner[i]] === h && c.human[i] !== h);
  return {
    people: humans.map((h) => ({ accounts: SUBJECTS.filter((_, i) => c.human[i] === h), owns: owned(h), suspended: c.suspended.includes(h) })),
    rosters: Object.fromEntries(GROUPS.map((group) => [group, SUBJECTS.filter((_, i) => c.roster[i]?.includes(group))])),
    deputies: Object.fromEntries(c.deputies.map((d, id) => [`d${id}`, { principal: at6(d.principal), deputy: at6(d.deputy), groups: d.groups }])),
    exclusive: c.apart ? [['fw', 'hw']] : [],
    credentials: Object.fromEntries(SUBJECTS.map((subject, i) => [`c-${subject}`, { owner: subject, status: c.revoked.includes(i) ? 'revoked' : 'active' }])),
  };
}
const proofOf = (subject: string, challengeId: string) => ({ type: 'jws' as const, challengeId, jws: 'j', credentialId: `c-${subject}`, statement: `statement ${challengeId}` });

describe('people with deputies, accounts, machines and proofs', () => {
  it('count, are asked and are refused as the plainest reading says, in engine, queue and gate alike', () => {
    const seen = { met: 0, unmet: 0, asked: 0, refused: 0, rejected: 0, deputies: 0 };
    fc.assert(
      fc.property(cases, (c) => {
        const model = new Model(c);
        const directory = directoryFor(societyOf(c));
        const policy: Policy = {
          tree: { type: 'approvers', count: c.count, group: c.group, role: 'approver' }, requiredProof: 'signature', rejectionsToReject: c.rejections, ...(c.excluded ? { excludedGroups: ['out'] } : {}),
        };
        const decisions: readonly StandingDecision[] = c.decided.map((d, n) => {
          const standIn = model.principal(d);
          const by = person(at6(d.by), { groups: d.told });
          return {
            decision: d.reject ? 'reject' : 'approve', by, name: null, claims: {}, at: at('12:20'), comment: null, proof: proofOf(by.subject, `n${n}`),
            ...(standIn === undefined ? {} : { onBehalfOf: { deputyId: `d${standIn.id}`, principal: account(at6(standIn.principal)), groups: standIn.groups } }),
          };
        });
        const state: OperationState = { ...fold(requested([key('k', policy)], { requestedBy: account(at6(c.requester)) })), decisions };
        expect(quorumMet(state, NOW.closing, directory)).toBe(model.isMet());
        seen[model.isMet() ? 'met' : 'unmet'] += 1;
        if (model.counting().some((d) => model.principal(d) !== undefined)) seen.deputies += 1;

        const signed = decisions.flatMap((d) => (d.decision === 'approve' && d.proof !== undefined ? [{ by: d.by, at: d.at, roles: d.by.roles, groups: d.by.groups, proof: d.proof, ...(d.onBehalfOf === undefined ? {} : { onBehalfOf: d.onBehalfOf }) }] : []));
        const plane = { directory, directoryAt: () => directory, state: { keys: new Map() }, minimumProof: 'signature' } as unknown as Question['plane'];
        const judgement = judge({
          evidence: { operation: { ...state, status: 'approved' }, whole: true, next: 9, signed } as unknown as Question['evidence'], key: { ...initialKey, status: 'enabled' }, keyId: 'k', count: 1, digests: ['d'], plane, pinned: [policy], inForce: [{ policy, name: null, version: null, level: null }],
          proven: true, faultOf: () => undefined, firstSight: at('12:10'), now: NOW,
        });
        const codes = 'blockers' in judgement ? judgement.blockers.map((b) => b.code) : [];
        if (model.isRejected()) seen.rejected += 1;
        expect(codes[0]).toBe(model.isRejected() ? 'OPERATION_REVOKED' : model.isMet() ? undefined : 'QUORUM_NOT_MET');

        for (const [i, subject] of SUBJECTS.entries()) {
          const told = c.decided.find((d) => d.by === i)?.told ?? c.roster[i] ?? [];
          const caller = person(subject, { groups: told });
          const asked = model.isAsked(i, told);
          seen[asked ? 'asked' : 'refused'] += 1;
          expect({ subject, asked: mayDecideNow(state, caller, NOW.closing, directory) }).toEqual({ subject, asked });
          // What is shown is what is accepted.
          const challenged = evolveOperation(state, { type: 'operations.decision-challenged.v1', data: { challengeId: 'x', by: account(subject), decision: 'approve', statement: 'statement x', at: at('12:29'), expiresAt: at('12:34') } });
          expect({ subject, accepted: accepts(challenged, caller, directory) }).toEqual({ subject, accepted: asked });
        }
      }),
      { numRuns: 1_000 },
    );
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(10);
  });
});

function accepts(state: OperationState, by: ReturnType<typeof person>, directory: ReturnType<typeof directoryFor>): boolean {
  try {
    return decideOperation({ type: 'decide', decision: 'approve', by, requestDigest: DIGEST, comment: null, proof: { challengeId: 'x', proof: proofOf(by.subject, 'x') }, directory, now: NOW }, state).length > 0;
  } catch {
    return false;
  }
}
