import fc from 'fast-check';
import { MAX_COUNT } from './parse-node.js';
import { parsePolicy } from './parse-policy.js';

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
