import { acceptanceDecider, decideAcceptance } from './decide.js';
import type { AcceptOlderStore } from './decide.js';
import { evolveAcceptance, initialAcceptance, isAccepted, MAX_NAMED_HEADS, namedHead } from './state.js';
import type { AcceptanceState } from './state.js';

const STORE = 'store-1';
const by = (subject: string, more: Partial<AcceptOlderStore> = {}): AcceptOlderStore => ({ ledgerId: 'ledger-1', head: 'head-1', storeId: STORE, by: { issuer: 'https://idp.test', subject }, name: null, comment: 'restored after the fire', ...more });
const after = (...commands: readonly AcceptOlderStore[]): AcceptanceState => commands.reduce((state, command) => decideAcceptance(command, state).reduce(evolveAcceptance, state), acceptanceDecider.initialState);
const accepted = (state: AcceptanceState, head = 'head-1', storeId = STORE): boolean => isAccepted(namedHead(state, head, storeId)?.by ?? []);

describe('accepting a store that lies behind the ledger', () => {
  it('rule 17: takes two different administrators who name the same head for the same store', () => {
    expect(accepted(after(by('admin-1')))).toBe(false);
    expect(accepted(after(by('admin-1'), by('admin-2')))).toBe(true);
    expect(decideAcceptance(by('admin-2'), after(by('admin-1')))).toMatchObject([{ data: { accepted: true, head: 'head-1', storeId: STORE } }]);
  });

  it.each<[string, readonly AcceptOlderStore[]]>([
    ['one person twice', [by('admin-1'), by('admin-1', { comment: 'once more' })]],
    ['another head', [by('admin-1'), by('admin-2', { head: 'head-2' })]],
    ['another store', [by('admin-1'), by('admin-2', { storeId: 'store-2' })]],
  ])('rule 17: %s is not enough', (_what, commands) => {
    expect(accepted(after(...commands))).toBe(false);
  });

  it('says nothing new when a person names the same head again', () => {
    expect(decideAcceptance(by('admin-1'), after(by('admin-1')))).toEqual([]);
  });

  it('finds the second one also when others named other heads between them', () => {
    expect(accepted(after(by('admin-1'), by('admin-3', { head: 'head-2' }), by('admin-2')))).toBe(true);
  });

  it('rule 17: the same name at another issuer is another person', () => {
    expect(accepted(after(by('admin-1'), { ...by('admin-1'), by: { issuer: 'https://other.test', subject: 'admin-1' } }))).toBe(true);
  });

  it('rule 22: counts who signed it apart from those whose token was enough, and takes the signature of who had none', () => {
    const state = after(by('admin-1'), by('admin-2', { proof: 'a.b.c' }));
    expect([isAccepted(namedHead(state, 'head-1', STORE)?.signedBy ?? []), accepted(state)]).toEqual([false, true]);
    expect(decideAcceptance(by('admin-1', { proof: 'd.e.f' }), state)).toMatchObject([{ data: { accepted: true, proof: 'd.e.f' } }]);
    expect(isAccepted(namedHead(after(by('admin-1'), by('admin-2', { proof: 'a.b.c' }), by('admin-1', { proof: 'd.e.f' })), 'head-1', STORE)?.signedBy ?? [])).toBe(true);
    expect(decideAcceptance(by('admin-2', { proof: 'g.h.i' }), state)).toEqual([]);
  });

  it('keeps a bounded number of heads, the newest', () => {
    const state = after(...Array.from({ length: MAX_NAMED_HEADS + 5 }, (_, i) => by('admin-1', { head: `head-${i}` })));
    expect([state.named.length, state.named.at(-1)?.head]).toEqual([MAX_NAMED_HEADS, `head-${MAX_NAMED_HEADS + 4}`]);
    expect(initialAcceptance.named).toEqual([]);
  });
});
