import fc from 'fast-check';
import { NOBODY_KNOWN } from '#identity/contract.js';
import type { Policy } from '#policies/contract.js';
import type { OperationCommand } from './commands.js';
import { evolveOperation } from './evolve.js';
import { operationDecider } from './decide.js';
import type { OperationState } from './state.js';
import { ADMINISTRATOR, approved, at, fold, key, nowAt, ORDERER, person, refusal, requested, reserve } from './testing/given-operation.js';

const REVIEWERS = ['admin1', 'admin2', 'admin3'].map((subject) => person(subject, { roles: ['administrator'], groups: [] }));
const [ONE, TWO] = [REVIEWERS[0] ?? ADMINISTRATOR, REVIEWERS[1] ?? ADMINISTRATOR];
const policy = (count: number): Policy => ({ tree: { type: 'none' }, emergency: { tree: { type: 'none' }, reviewWithinMs: 20 * 60_000, reviewers: { type: 'approvers', count, group: null, role: 'administrator' } } });
const emergency = (count = 2): OperationState => fold(requested([key('fw-prod', policy(count), 1_000)], { emergency: true }), approved);
const review = (by: typeof ADMINISTRATOR, verdict: 'justified' | 'not-justified' = 'justified', time = '12:30'): OperationCommand => ({ type: 'review', by, verdict, comment: 'c', directory: NOBODY_KNOWN, now: nowAt(time) });
const use = (id: string, time = '12:30'): OperationCommand => reserve(id, { keyId: 'fw-prod', now: nowAt(time) });
const after = (state: OperationState, ...commands: readonly OperationCommand[]): OperationState => commands.reduce((s, command) => operationDecider.decide(command, s).reduce(evolveOperation, s), state);

describe('reviews of uses by an emergency path', () => {
  it('one covers the uses that were made before anybody gave a verdict', () => {
    const opened = after(emergency(), use('a', '12:15'), use('b', '12:20'));
    expect(opened.review).toMatchObject({ status: 'open', openedAt: at('12:15'), dueAt: at('12:35') });
    expect(after(opened, review(ONE), review(TWO)).review).toMatchObject({ status: 'justified' });
  });

  it('a use that comes after a verdict is covered by none given before it, and is reviewed no later', () => {
    const half = after(emergency(), use('a', '12:15'), review(ONE), use('b', '12:25'));
    expect(half.review).toEqual({ openedAt: at('12:25'), dueAt: at('12:35'), status: 'open', overdueKeys: [], verdicts: [] });
    expect(after(half, review(TWO)).review).toMatchObject({ status: 'open' });
    expect(after(half, review(TWO), review(ONE)).review).toMatchObject({ status: 'justified' });
  });

  it('a use that comes after the end of one opens another', () => {
    for (const verdict of ['justified', 'not-justified'] as const) {
      const closed = after(emergency(1), use('a', '12:15'), review(ONE, verdict, '12:20'));
      expect(closed.review).toMatchObject({ status: verdict });
      expect(after(closed, use('b', '12:25')).review).toMatchObject({ status: 'open', dueAt: at('12:45'), verdicts: [] });
    }
  });

  it('is by others than who asked', () => {
    const opened = after(emergency(), use('a'));
    expect(refusal(opened, review({ ...ORDERER, roles: ['administrator'] }))).toBe('SELF_APPROVAL');
    expect(refusal(opened, review(person('stranger')))).toBe('NOT_ELIGIBLE');
    expect(refusal(emergency(), review(ONE))).toBe('NOT_FOUND');
  });

  it('none is there for a use by the usual path', () => {
    expect(after(fold(requested([key('fw-prod', policy(1))]), approved), use('a')).review).toBeNull();
  });

  it('is found justified exactly when so many have found so since the latest use', () => {
    let justified = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(fc.oneof({ weight: 1, arbitrary: fc.constant('use' as const) }, { weight: 3, arbitrary: fc.constantFrom(...REVIEWERS) }), { maxLength: 20 }), (needed, acts) => {
        let state = emergency(needed);
        let since: ReadonlySet<string> | undefined;
        for (const [i, act] of acts.entries()) {
          if (act === 'use') {
            state = after(state, use(`order ${i}`));
            since = new Set();
          } else if (since === undefined) expect(refusal(state, review(act))).toBe('NOT_FOUND');
          else {
            state = after(state, review(act));
            since = new Set([...since, act.subject]);
          }
          expect(state.review?.status).toBe(since === undefined ? undefined : since.size >= needed ? 'justified' : 'open');
          if (state.review?.status === 'justified') justified += 1;
        }
      }),
    );
    expect(justified).toBeGreaterThan(20);
  });
});
