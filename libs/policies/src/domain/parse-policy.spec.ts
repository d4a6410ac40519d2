import fc from 'fast-check';
import { MAX_COUNT, MAX_LEVELS, MAX_NODES } from './parse-node.js';
import { parsePolicy, parsePolicySource } from './parse-policy.js';
import { policies } from './testing/random-documents.js';

const paths = (value: unknown, at = ''): readonly string[] | undefined => {
  const read = parsePolicy(value, at);
  return 'faults' in read ? read.faults.map((f) => f.path) : undefined;
};

describe('reading a policy', () => {
  it('reads none', () => expect(parsePolicy({ type: 'none' }, '')).toEqual({ policy: { type: 'none' } }));
  it('reads approvers, of any group and in the role of an approver where nothing is said', () =>
    expect(parsePolicy({ type: 'approvers', count: 1 }, '')).toEqual({ policy: { type: 'approvers', count: 1, group: null, role: 'approver' } }));
  it('reads approvers of a group in a role', () =>
    expect(parsePolicy({ role: 'administrator', group: 'fw', count: 2, type: 'approvers' }, '')).toEqual({ policy: { type: 'approvers', count: 2, group: 'fw', role: 'administrator' } }));
  it.each([1, 2, MAX_COUNT])('takes a count of %i', (count) => expect(paths({ type: 'approvers', count })).toBeUndefined());
  it.each([[0], [-1], [1.5], [MAX_COUNT + 1], [2 ** 53], [NaN], [Infinity], ['2'], ['NaN'], [null], [true], [[1]], [{}], [undefined], [2n]])('refuses a count of %p', (count) =>
    expect(paths({ type: 'approvers', count })).toEqual(['/count']));
  it.each([[''], ['x'.repeat(201)], [null], [1], [['fw']], [{}]])('refuses %p as a name', (name) => {
    expect(paths({ type: 'approvers', count: 1, group: name })).toEqual(['/group']);
    expect(paths({ type: 'approvers', count: 1, role: name })).toEqual(['/role']);
  });
  it('takes a name of 200 characters', () => expect(paths({ type: 'approvers', count: 1, group: 'x'.repeat(200) })).toBeUndefined());
  it.each([[undefined], [null], ['none'], [0], [[]], [[{ type: 'none' }]], [true]])('refuses %p, which is no object', (value) => expect(paths(value)).toEqual(['']));
  it.each([['oneOf'], [undefined], [1], ['None'], ['__proto__'], ['constructor']])('refuses the type %p', (type) =>
    expect(paths({ type, of: [], count: 1 })).toEqual(['/type']));
  it('refuses unknown members, all of them', () => {
    expect(paths({ type: 'none', count: 1 })).toEqual(['/count']);
    expect(paths({ type: 'approvers', count: 1, Group: 'fw', of: [] })).toEqual(['/Group', '/of']);
  });
  it('names every fault', () => expect(paths({ type: 'approvers', count: 0, group: '', role: 1, x: 1 })).toEqual(['/x', '/count', '/group', '/role']));
  it('points into the body by JSON Pointer (RFC 6901)', () => {
    expect(paths({ type: 'approvers' }, '/approvalPolicy')).toEqual(['/approvalPolicy/count']);
    expect(paths('none', '/approvalPolicy')).toEqual(['/approvalPolicy']);
    expect(paths({ type: 'none', 'a/b~c': 1 }, '/p')).toEqual(['/p/a~1b~0c']);
  });
  it('answers anything with a policy or with faults, and reads what it answered as the same', () => {
    fc.assert(fc.property(fc.anything(), (value) => {
      const read = parsePolicy(value, '');
      if (!('policy' in read)) expect('faults' in read ? read.faults.length : read.unsatisfiable.length).toBeGreaterThan(0);
    }));
    fc.assert(fc.property(fc.integer({ min: 1, max: MAX_COUNT }), fc.string({ minLength: 1, maxLength: 200 }), fc.string({ minLength: 1, maxLength: 200 }), (count, group, role) => {
      const read = parsePolicy({ type: 'approvers', count, group, role }, '');
      expect('policy' in read && parsePolicy(read.policy, '')).toEqual(read);
    }));
  });
});

const ONE = { type: 'approvers', count: 1 };
const NORMAL = { type: 'approvers', count: 1, group: null, role: 'approver' };
const unsatisfiable = (value: unknown, at = ''): readonly string[] | undefined => {
  const read = parsePolicy(value, at);
  return 'unsatisfiable' in read ? read.unsatisfiable.map((f) => f.path) : undefined;
};

describe('reading a tree', () => {
  it.each(['allOf', 'anyOf', 'sequence'])('reads %s', (type) => expect(parsePolicy({ type, of: [ONE, { type: 'none' }] }, '')).toEqual({ policy: { type, of: [NORMAL, { type: 'none' }] } }));
  it('reads a threshold, with and without weights', () => {
    expect(parsePolicy({ type: 'threshold', k: 2, of: [ONE, ONE] }, '')).toEqual({ policy: { type: 'threshold', k: 2, of: [NORMAL, NORMAL], weights: null } });
    expect(parsePolicy({ type: 'threshold', k: 33, of: [ONE, ONE], weights: [MAX_COUNT, 1] }, '')).toEqual({ policy: { type: 'threshold', k: 33, of: [NORMAL, NORMAL], weights: [MAX_COUNT, 1] } });
  });
  it.each([['allOf'], ['anyOf'], ['sequence'], ['threshold']])('refuses %s of nothing, of no list, with more', (type) => {
    const k = type === 'threshold' ? { k: 1 } : {};
    for (const nodes of [[], undefined, null, {}, ONE, 'x']) expect(paths({ type, ...k, of: nodes })).toEqual(['/of']);
    expect(paths({ type, ...k, of: [ONE], count: 1 })).toEqual(['/count']);
    expect(paths({ type, ...k, of: [ONE, 1, { type: 'x' }] })).toEqual(['/of/1', '/of/2/type']);
    if (type !== 'threshold') expect(paths({ type, of: [ONE], k: 1, weights: [1] })).toEqual(['/k', '/weights']);
  });
  it.each([[0], [-1], [1.5], [undefined], [null], ['2'], [NaN], [Infinity], [2 ** 53], [[1]]])('refuses a threshold of %p', (k) => expect(paths({ type: 'threshold', k, of: [ONE] })).toEqual(['/k']));
  it.each([[[1]], [[1, 1, 1]], [[]], [null], [1], [{ 0: 1, 1: 1 }]])('refuses the weights %j of two nodes', (weights) => expect(paths({ type: 'threshold', k: 1, of: [ONE, ONE], weights })).toEqual(['/weights']));
  it.each([[0], [-1], [0.5], [MAX_COUNT + 1], [null], ['1'], [undefined]])('refuses a weight of %p', (weight) => expect(paths({ type: 'threshold', k: 1, of: [ONE, ONE], weights: [1, weight] })).toEqual(['/weights/1']));
  it('names every fault, however deep', () =>
    expect(paths({ type: 'allOf', of: [{ type: 'threshold', k: 0, of: [{ ...ONE, count: 0 }, { type: 'anyOf', of: [] }], weights: [0, 1] }, { type: 'sequence', of: [{ type: 'approvers', count: 1, group: '' }] }] }, '/p'))
      .toEqual(['/p/of/0/k', '/p/of/0/of/0/count', '/p/of/0/of/1/of', '/p/of/0/weights/0', '/p/of/1/of/0/group']));

  const nested = (levels: number): unknown => (levels <= 1 ? ONE : { type: 'allOf', of: [nested(levels - 1)] });
  it('takes as many levels as it says and no more', () => {
    expect(paths(nested(MAX_LEVELS))).toBeUndefined();
    expect(paths(nested(MAX_LEVELS + 1))).toEqual(['/of/0'.repeat(MAX_LEVELS)]);
    expect(paths(nested(5_000))).toEqual(['/of/0'.repeat(MAX_LEVELS)]);
  });
  it('takes as many nodes as it says and no more, and does not read on', () => {
    const wide = (n: number): unknown => ({ type: 'anyOf', of: Array.from({ length: n - 1 }, () => ONE) });
    expect(paths(wide(MAX_NODES))).toBeUndefined();
    expect(paths(wide(MAX_NODES + 1), '/p')).toEqual(['/p']);
    expect(paths({ type: 'allOf', of: [wide(40), wide(40)] })).toEqual(['']);
    expect(paths({ type: 'anyOf', of: Array.from({ length: 1_000_000 }, () => 0) })?.length).toBeLessThan(200);
  });

  it('tells a threshold beyond its weights from one that is no threshold', () => {
    expect(unsatisfiable({ type: 'threshold', k: 3, of: [ONE, ONE] }, '/p')).toEqual(['/p/k']);
    expect(unsatisfiable({ type: 'threshold', k: 4, of: [ONE, ONE], weights: [2, 2] })).toBeUndefined();
    expect(unsatisfiable({ type: 'threshold', k: 5, of: [ONE, ONE], weights: [2, 2] })).toEqual(['/k']);
    expect(unsatisfiable({ tree: { type: 'allOf', of: [{ type: 'threshold', k: 2, of: [ONE] }, { type: 'threshold', k: 9, of: [ONE] }] } })).toEqual(['/tree/of/0/k', '/tree/of/1/k']);
    expect(paths({ type: 'allOf', of: [{ type: 'threshold', k: 2, of: [ONE] }, { type: 'x' }] })).toEqual(['/of/1/type']);
  });
  it('tells a policy whose excluded groups leave nobody', () => {
    const tree = { type: 'allOf', of: [{ ...ONE, group: 'fw' }, ONE] };
    expect(unsatisfiable({ tree, excludedGroups: ['fw'] }, '/p')).toEqual(['/p/excludedGroups']);
    expect(unsatisfiable({ tree: { ...tree, type: 'anyOf' }, excludedGroups: ['fw'] })).toBeUndefined();
  });
  it('reads what it wrote as the same', () => {
    fc.assert(fc.property(policies, (policy) => {
      const strip = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_, v: unknown) => (v === null ? undefined : v)));
      expect(parsePolicy(strip(policy), '')).toEqual({ policy });
    }));
  });
});

describe('reading options', () => {
  const NONE = { type: 'none' };
  const HOURS = { timeZone: 'Europe/Copenhagen', days: ['mon', 'sun'], from: '08:00', to: '18:00' };
  const optionPaths = (options: object): readonly string[] | undefined => paths({ tree: NONE, ...options });
  it('keeps those that are given alone', () => {
    expect(parsePolicy({ tree: ONE, requiredProof: 'signature', excludedGroups: [] }, '')).toEqual({ policy: { tree: NORMAL, requiredProof: 'signature', excludedGroups: [] } });
    expect(parsePolicy({ tree: NONE }, '')).toEqual({ policy: { tree: NONE } });
  });
  it.each<[string, readonly unknown[], readonly unknown[]]>([
    ['assuranceLevel', ['L0', 'L3'], ['L4', 'l1', 1, null]],
    ['minimumDelayMs', [0, 31_536_000_000], [-1, 31_536_000_001, 0.5, '0', null]],
    ['approvalValidityMs', [1, 31_536_000_000], [0, -1, 31_536_000_001, null]],
    ['rejectionsToReject', [1, 32], [0, 33, null]],
    ['requiredProof', ['token', 'signature', 'webauthn'], ['none', '', null]],
    ['maxValidMs', [1_000, 31_536_000_000], [999, 31_536_000_001]],
    ['maxUsageCount', [1, 1_000_000], [0, 1_000_001]],
    ['requireBinding', [true, false], [1, 'true', null]],
    ['allowUnprovenOrders', [true, false], [0, null]],
    ['evaluateEligibility', ['atDecision', 'atUse'], ['always', null]],
    ['remindAfterMs', [1], [0]],
    ['escalateAfterMs', [1], [0]],
    ['excludedGroups', [[], ['a', 'b']], ['a', null, Array.from({ length: 101 }, (_, i) => `g${i}`)]],
    ['allowedHours', [HOURS, { ...HOURS, from: '22:00', to: '06:00' }, { ...HOURS, from: '00:00', to: '24:00' }], [null, [], 'always']],
    ['emergency', [{ tree: ONE, reviewWithinMs: 1, reviewers: ONE }], [null, ONE.type]],
  ])('%s', (name, good, bad) => {
    for (const value of good) expect([value, optionPaths({ [name]: value })]).toEqual([value, undefined]);
    for (const value of bad) expect([value, optionPaths({ [name]: value })]).toEqual([value, [`/${name}`]]);
  });
  it('names what is wrong inside', () => {
    expect(optionPaths({ excludedGroups: ['a', '', 'a', 1] })).toEqual(['/excludedGroups/1', '/excludedGroups/3', '/excludedGroups/2']);
    expect(optionPaths({ allowedHours: {} })).toEqual(['timeZone', 'days', 'from', 'to'].map((m) => `/allowedHours/${m}`));
    expect(optionPaths({ allowedHours: { ...HOURS, timeZone: '+01:00', days: ['mon', 'mon'], from: '24:00', to: '8:00', on: 1 } })).toEqual(['on', 'timeZone', 'days/1', 'from', 'to'].map((m) => `/allowedHours/${m}`));
    for (const days of [[], ['monday'], 'mon', Array.from({ length: 8 }, () => 'mon')]) expect(optionPaths({ allowedHours: { ...HOURS, days } })?.[0]).toMatch(/^\/allowedHours\/days/);
    expect(optionPaths({ allowedHours: { ...HOURS, to: '08:00' } })).toEqual(['/allowedHours/to']);
    expect(optionPaths({ emergency: {} })).toEqual(['/emergency/tree', '/emergency/reviewWithinMs', '/emergency/reviewers']);
    expect(optionPaths({ emergency: { tree: { type: 'allOf', of: [] }, reviewWithinMs: 0, reviewers: ONE, reason: 'x' } })).toEqual(['/emergency/reason', '/emergency/tree/of', '/emergency/reviewWithinMs']);
  });
  it('takes no emergency path, review or escalation that asks nobody', () => {
    expect(optionPaths({ emergency: { tree: NONE, reviewWithinMs: 1, reviewers: { type: 'anyOf', of: [ONE, NONE] } } })).toEqual(['/emergency/tree', '/emergency/reviewers']);
    expect(optionPaths({ escalateAfterMs: 1, escalateTo: NONE })).toEqual(['/escalateTo']);
    expect(optionPaths({ escalateTo: ONE })).toEqual(['/escalateTo']);
  });
  it('finds thresholds that nobody reaches in them', () => expect(unsatisfiable({ tree: ONE, emergency: { tree: { type: 'threshold', k: 2, of: [ONE] }, reviewWithinMs: 1, reviewers: ONE } })).toEqual(['/emergency/tree/k']));
  it('refuses what is no option, and what belongs to a node', () => expect(paths({ tree: NONE, type: 'none', quorum: 1, '/': 1 })).toEqual(['/type', '/quorum', '/~1']));
});

describe('reading what a key holds', () => {
  const sourcePaths = (value: unknown): readonly string[] | undefined => {
    const read = parsePolicySource(value, '/p');
    return 'faults' in read ? read.faults.map((f) => f.path) : undefined;
  };
  it.each<[unknown, unknown]>([
    [{ ref: 'two-of-firmware' }, { ref: 'two-of-firmware', version: null }],
    [{ ref: 'two-of-firmware', version: 3 }, { ref: 'two-of-firmware', version: 3 }],
    [{ assuranceLevel: 'L2' }, { assuranceLevel: 'L2' }],
    [{ tree: ONE, assuranceLevel: 'L2' }, { tree: NORMAL, assuranceLevel: 'L2' }],
    [ONE, NORMAL],
  ])('reads %j', (value, source) => expect(parsePolicySource(value, '')).toEqual({ source }));
  it.each<[unknown, readonly string[]]>([
    [{ ref: '' }, ['/p/ref']], [{ ref: 'a/b' }, ['/p/ref']], [{ ref: 'x'.repeat(65) }, ['/p/ref']], [{ ref: null }, ['/p/ref']], [{ ref: 'a', version: 0 }, ['/p/version']], [{ ref: 'a', version: 'latest' }, ['/p/version']], [{ ref: 'a', requiredProof: 'token' }, ['/p/requiredProof']],
    [{ assuranceLevel: 'L4' }, ['/p/assuranceLevel']], [{ assuranceLevel: 'L1', requiredProof: 'token' }, ['/p/requiredProof']], [{ tree: ONE, ref: 'a' }, ['/p/ref']], [{ ...ONE, ref: 'a' }, ['/p/ref']], [{}, ['/p/type']], ['two', ['/p']], [null, ['/p']],
  ])('refuses %j', (value, expected) => expect(sourcePaths(value)).toEqual(expected));
  it('is no policy where a policy itself is asked for', () => {
    expect(paths({ ref: 'a' })).toEqual(['/type']);
    expect(paths({ assuranceLevel: 'L1' })).toEqual(['/type']);
  });
  it('answers anything with a source or with faults', () => {
    const members = fc.dictionary(fc.constantFrom('tree', 'type', 'ref', 'version', 'assuranceLevel', 'of', 'k', 'count', 'emergency', 'allowedHours'), fc.oneof(fc.anything(), fc.constantFrom<unknown>(ONE, 'allOf', 'threshold', 1, [ONE])));
    fc.assert(fc.property(fc.oneof(fc.anything(), members), (value) => {
      const read = parsePolicySource(value, '');
      if ('faults' in read) expect(read.faults.length).toBeGreaterThan(0);
    }), { numRuns: 1_000 });
  });
});
