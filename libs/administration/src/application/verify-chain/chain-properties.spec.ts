import fc from 'fast-check';
import { DomainError } from '#kernel/domain-error.js';
import { at, ChainWorld, headOf } from '../testing/chain-world.js';
import { account } from '../testing/signing-person.js';
import type { ChainEvent, VerifiedChain } from './verified-chain.js';
import { operationOf } from './operation-of.js';
import { verifyChain } from './verify-chain.js';
import type { ControlPlaneEvent } from '../../domain/control-plane/events.js';
import { evolveControlPlane } from '../../domain/control-plane/evolve.js';
import { initialControlPlane } from '../../domain/control-plane/state.js';
import type { ControlPlaneState } from '../../domain/control-plane/state.js';

type Json = Record<string, unknown>;
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** One thing that administrators may do; numbers choose who and what. What is refused is not done. */
type Step = (world: ChainWorld, a: number, b: number) => void;
const others = (world: ChainWorld, a: number) => [world.admin(a + 1), world.admin(a + 2)];
const STEPS: readonly Step[] = [
  (world, a, b) => void world.byOperation(world.admin(a), 'PUT', `/v1/roster/g${b % 2}`, { members: [account(`m${b}`)] }, others(world, a)),
  (world, a, b) => void world.byOperation(world.admin(a), 'POST', '/v1/policies', { name: `p${b % 2}`, policy: { type: 'approvers', count: (b % 3) + 1 } }, others(world, a)),
  (world, a, b) => void world.byOperation(world.admin(a), 'PUT', `/v1/people/p${b}`, { accounts: [account(`m${b}`)], owns: [] }, others(world, a)),
  (world, a, b) => void world.byOperation(world.admin(a), 'POST', '/v1/keys/fw-prod/enable', { reason: `found ${b}` }, others(world, a)),
  (world, a, b) => {
    const session = world.session(world.admin(a), 'POST /v1/policies', others(world, a));
    world.act(world.admin(a), 'POST', '/v1/policies', { name: `s${b}`, policy: { type: 'approvers', count: 1 } }, session);
  },
  (world, a, b) => void world.act(world.admin(a), 'POST', '/v1/keys/fw-prod/disable', { reason: `lost ${b}` }),
  (world, a, b) => void world.act(world.admin(a), 'POST', '/v1/deputies', { deputy: account(`m${b}`), groups: ['fw'], from: at('10:00'), until: at('18:00'), reason: 'away' }),
  // What is done in no session, with a proof that names one.
  (world, a, b) => {
    const session = world.session(world.admin(a), 'POST /v1/policies', others(world, a));
    if (b % 2 === 0) world.act(world.admin(a), 'POST', '/v1/keys/fw-prod/disable', { reason: `lost ${b}` }, session);
    else world.act(world.admin(a), 'POST', '/v1/deputies', { deputy: account(`m${b}`), groups: ['fw'], from: at('10:00'), until: at('18:00'), reason: 'away' }, session);
  },
  (world, a, b) => {
    const keyId = `key-${b}`;
    world.byOperation(world.admin(a), 'POST', '/v1/keys', { keyId, purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { ref: `p${b % 2}` } }, others(world, a));
    world.run({ type: 'bind-key', keyId, publicKeySha256: `a${b}`.repeat(32), signer: 's', now: world.now });
  },
  (world, _, b) => void world.run({ type: 'bind-key', keyId: b % 2 === 0 ? 'fw-prod' : 'evidence', publicKeySha256: String(b % 10).repeat(64), signer: 's', now: world.now }),
];
const walks = fc.array(fc.record({ step: fc.nat(STEPS.length - 1), a: fc.nat(3), b: fc.nat(5) }), { minLength: 4, maxLength: 9 });

function walked(steps: readonly { readonly step: number; readonly a: number; readonly b: number }[]): ChainWorld {
  const world = new ChainWorld();
  for (const { step, a, b } of steps) {
    try {
      STEPS[step]?.(world, a, b);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
    }
  }
  return world;
}

const verified = (world: ChainWorld, events: readonly ChainEvent[]): Promise<VerifiedChain> => verifyChain(events, world.options);
const numbered = (events: readonly ChainEvent[]): readonly ChainEvent[] => events.map((event, revision) => ({ ...event, revision }));
/** As whoever writes the store would: every `previous` is mended. */
function rechained(events: readonly ChainEvent[]): readonly ChainEvent[] {
  let previous: string | null = null;
  return numbered(events).map((event, i) => {
    const mended: ChainEvent = i === 0 ? event : { ...event, data: { ...(event.data as Json), previous } };
    previous = headOf(mended);
    return mended;
  });
}

/** Changes one text, number or list somewhere in an event's data. Where that is `at` or what only people read, nothing rests on it. */
const UNSIGNED = /^\/(at|previous|signer)$|^\/authority\/decisions\/\d+\/proof\/challengeId$/;
function mutants(value: unknown, path = ''): readonly { readonly path: string; readonly apply: (data: Json) => void }[] {
  if (UNSIGNED.test(path)) return [];
  const set = (next: unknown) => ({
    path,
    apply: (data: Json): void => {
      const steps = path.slice(1).split('/');
      const last = steps.pop() ?? '';
      const holder = steps.reduce<Json>((at_, step) => at_[step] as Json, data);
      holder[last] = next;
    },
  });
  if (typeof value === 'string') return [set(value === '' ? 'x' : `${value.slice(0, -1)}${value.endsWith('A') ? 'B' : 'A'}`), set('')];
  if (typeof value === 'number') return [set(value + 1)];
  if (typeof value === 'boolean') return [set(!value)];
  if (value === null) return path === '/proof' ? [] : [set('x')];
  const inner = Object.entries(value as Json).flatMap(([key, part]) => mutants(part, `${path}/${key}`));
  return Array.isArray(value) && value.length > 0 ? [...inner, set(value.slice(1)), set([...value, value[0] as unknown])] : inner;
}

describe('rule 22: whatever is done to a chain beside its administrators', () => {
  const property = <T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<void>, numRuns = 40): Promise<void> => fc.assert(fc.asyncProperty(arbitrary, check), { numRuns });

  it('a chain that they made verifies, and comes to their state', () =>
    property(walks, async (steps) => {
      const world = walked(steps);
      const chain = await verified(world, world.events);
      expect(chain.faults).toEqual([]);
      expect(chain.state).toEqual(world.chain.plane);
    }));

  it('dropped, doubled or moved, an event breaks it, also when every link is mended', () =>
    property(fc.tuple(walks, fc.nat(), fc.nat(), fc.constantFrom('drop', 'double', 'swap'), fc.boolean()), async ([steps, i, j, how, mend]) => {
      const world = walked(steps);
      const { events } = world;
      fc.pre(events.length > 2);
      const from = 1 + (i % (events.length - 1));
      const to = 1 + (j % (events.length - 1));
      const [one, other] = [events[from], events[to]];
      if (one === undefined || other === undefined) throw new Error('no event');
      const isTail = how === 'drop' && from === events.length - 1;
      fc.pre(!isTail && (how !== 'swap' || from !== to));
      const changed = how === 'drop' ? events.filter((_, n) => n !== from) : how === 'double' ? events.toSpliced(to, 0, one) : events.with(from, other).with(to, one);
      const mended = mend ? rechained(changed) : numbered(changed);
      // Mended, what was never signed may stand elsewhere: the signer's bindings, and a relief that would need no proof.
      fc.pre(!mend || proven(mended.slice(1)));
      expect((await verified(world, mended)).faults).not.toEqual([]);
    }, 80));

  it('altered anywhere, an event breaks it, also when every link is mended', () =>
    property(fc.tuple(walks, fc.nat(), fc.nat(), fc.boolean()), async ([steps, i, j, mend]) => {
      const world = walked(steps);
      const { events } = world;
      const changed: ChainEvent[] = copy(events);
      const target = changed[i % changed.length];
      fc.pre(target !== undefined && (i % changed.length === 0 || proven([target])));
      if (target === undefined) return;
      const all = mutants(target.data);
      const mutant = all[j % all.length];
      fc.pre(mutant !== undefined);
      mutant?.apply(target.data as Json);
      expect({ path: mutant?.path, faults: (await verified(world, mend ? rechained(changed) : changed)).faults.length }).toEqual({ path: mutant?.path, faults: 1 });
    }, 150));

  it('what its verifier saw too late, or taken back, breaks nothing: the state is that of the acts that count', () =>
    property(fc.tuple(walks, fc.array(fc.nat(3), { minLength: 30, maxLength: 30 })), async ([steps, fates]) => {
      const world = walked(steps);
      const fate = ({ revision }: ChainEvent): number => fates[revision] ?? 0;
      const { faults, uncounted, state, revision } = await verifyChain(world.events, {
        ...world.options,
        firstSeenAt: (event) => (fate(event) === 1 ? at('23:00') : undefined),
        takenBack: (event) => (fate(event) === 2 && operationIn(event) !== undefined ? 'it was revoked' : undefined),
      });
      expect({ faults, revision }).toEqual({ faults: [], revision: world.events.length - 1 });
      const lost = new Set(uncounted.map((one) => one.revision));
      for (const event of world.events) if (fate(event) === 2 && operationIn(event) !== undefined) expect(lost).toContain(event.revision);
      const expected = world.events.reduce<ControlPlaneState>((before, event) => {
        const told = { type: event.type, data: event.data } as ControlPlaneEvent;
        const operationId = operationIn(event);
        return lost.has(event.revision) ? { ...before, operations: operationId === undefined ? before.operations : before.operations.with(operationId), at: (event.data as { at: string }).at } : evolveControlPlane(before, told);
      }, initialControlPlane);
      expect(state).toEqual(expected);
    }, 60));

  it('a chain cut short is found by who remembers more of it', () =>
    property(walks, async (steps) => {
      const world = walked(steps);
      const whole = await verified(world, world.events);
      const cut = await verified(world, world.events.slice(0, -1));
      expect(cut.revision).toBe(whole.revision - 1);
    }, 10));
});

const operationIn = (event: ChainEvent): string | undefined => operationOf(event.data)?.operationId;

/** Whether every one of these bears a proof, which names its place. */
const proven = (events: readonly ChainEvent[]): boolean => events.every((event) => typeof (event.data as Json)['proof'] === 'string');
