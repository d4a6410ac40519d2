import { OK, fault } from './fields/field.js';
import { ListField, ObjectField, ObjectListField } from './fields/nested.field.js';
import { IntegerField } from './fields/number.field.js';
import { Rule } from './fields/rule.js';
import { TextField } from './fields/text.field.js';
import { Named } from './schema/json-schema.js';
import { shapeFaults } from './shape.js';

@Named('ShapeSpecInner')
class Inner {
  @TextField(1, 3) readonly 'a/b~c': string;
}
@Named('ShapeSpecItem')
class Item {
  @TextField(1, 5) readonly id: string;
  @IntegerField(1, 10) readonly count: number;
}
class Base {
  @TextField(1, 5, { optional: true }) readonly inherited?: string;
}
@Named('ShapeSpecBody')
@Rule<Body>((body) => (body.text === 'bad' ? fault('is bad', '/text') : OK))
class Body extends Base {
  @TextField(1, 5) readonly text: string;
  @ObjectField(Inner, { optional: true }) readonly inner?: Inner;
  @ObjectListField(Item, { min: 1, max: 3, unique: 'id' }) readonly items: readonly Item[];
  @ListField(0, 2, { check: (v) => (v === 1 ? OK : fault('must be 1')), schema: {} }, { optional: true }) readonly ones?: readonly number[];
}
const right = { text: 'text', items: [{ id: 'a', count: 1 }] };
const pathsOf = (body: unknown): readonly string[] => shapeFaults(Body, body).map((f) => f.path).sort();

it('takes what is right, members left out included', () => {
  expect(shapeFaults(Body, right)).toEqual([]);
  expect(shapeFaults(Body, { ...right, inherited: 'x', inner: { 'a/b~c': 'x' }, ones: [1, 1] })).toEqual([]);
});

it.each([
  ['nothing', undefined, ['']], ['null', null, ['']], ['a list', [], ['']], ['a text', 'x', ['']],
  ['an empty object', {}, ['/items', '/text']],
  ['null for a member', { ...right, text: null }, ['/text']],
  ['null for an optional member', { ...right, inherited: null }, ['/inherited']],
  ['an unknown member', { ...right, extra: 1 }, ['/extra']],
  ['an unknown member with an odd name', { ...right, 'x/y~z': 1 }, ['/x~1y~0z']],
  ['members that every object has', { ...right, constructor: 1, toString: 1, hasOwnProperty: 1 }, ['/constructor', '/hasOwnProperty', '/toString']],
  ['__proto__', JSON.parse('{"text":"text","items":[{"id":"a","count":1}],"__proto__":{"inherited":"x"}}'), ['/__proto__']],
  ['__proto__ further down', { ...right, inner: JSON.parse('{"a/b~c":"x","__proto__":1}') }, ['/inner/__proto__']],
  ['a wrong member of an object', { ...right, inner: { 'a/b~c': 7 } }, ['/inner/a~1b~0c']],
  ['a missing member of an object', { ...right, inner: {} }, ['/inner/a~1b~0c']],
  ['wrong items of lists', { ...right, items: [{ id: 'a', count: 0 }, 7, { id: '', count: '1', more: 1 }] }, ['/items/0/count', '/items/1', '/items/2/count', '/items/2/id', '/items/2/more']],
  ['the same twice', { ...right, items: [{ id: 'a', count: 1 }, { id: 'b', count: 1 }, { id: 'a', count: 2 }] }, ['/items/2/id']],
  ['an object for a list', { ...right, items: { 0: { id: 'a', count: 1 } } }, ['/items']],
  ['a list too long', { ...right, ones: [1, 1, 1] }, ['/ones']],
  ['a list with a hole', { ...right, ones: [1, null] }, ['/ones/1']],
  ['a broken rule', { ...right, text: 'bad' }, ['/text']],
])('refuses %s', (_, body, paths) => expect(pathsOf(body)).toEqual(paths));

it.each([0, -1, 1.5, 2 ** 53, 11, Number.NaN, Infinity, '1', 'NaN', true, null, [], {}])('refuses %p for a whole number', (count) => {
  expect(pathsOf({ ...right, items: [{ id: 'a', count }] })).toEqual(['/items/0/count']);
});

it('counts characters, not halves of them', () => {
  expect(pathsOf({ ...right, text: '👍👍👍👍👍' })).toEqual([]);
  expect(pathsOf({ ...right, text: '👍👍👍👍👍👍' })).toEqual(['/text']);
  expect(pathsOf({ ...right, text: 'x'.repeat(1_000_000) })).toEqual(['/text']);
});

it('answers with no more than 100 faults', () => {
  expect(shapeFaults(Body, Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x${i}`, 1])))).toHaveLength(100);
});

it('finds nothing of an earlier body in a later one', () => {
  expect(pathsOf({})).toHaveLength(2);
  expect(pathsOf(right)).toEqual([]);
});
