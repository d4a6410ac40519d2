import { preferencesOf } from './prefer.js';

const none = { respondAsync: false, waitSeconds: null };

it.each([
  [undefined, none],
  ['', none],
  ['respond-async', { respondAsync: true, waitSeconds: null }],
  ['Respond-Async', { respondAsync: true, waitSeconds: null }],
  ['wait=5', { respondAsync: false, waitSeconds: 5 }],
  ['wait = 5', { respondAsync: false, waitSeconds: 5 }],
  ['wait="5"', { respondAsync: false, waitSeconds: 5 }],
  ['wait=0', { respondAsync: false, waitSeconds: 0 }],
  ['wait=61', { respondAsync: false, waitSeconds: 60 }],
  ['respond-async, wait=10', { respondAsync: true, waitSeconds: 10 }],
  ['wait=10,respond-async', { respondAsync: true, waitSeconds: 10 }],
  ['wait=1, wait=2', { respondAsync: false, waitSeconds: 1 }],
  [', , wait=3 ,', { respondAsync: false, waitSeconds: 3 }],
  ['handling=lenient; foo="a,b;c\\""; bar, wait=7', { respondAsync: false, waitSeconds: 7 }],
  ['return=minimal', none],
  ['respond-async=no', none],
  ['wait=-1', none],
  ['wait=1.5', none],
  ['wait=soon', none],
  ['wait=', none],
  ['wait="5', none],
  ['{"wait":5}', none],
  ['wait=5 respond-async', none],
  [`wait=5, ${'x'.repeat(1000)}`, none],
])('reads %p as RFC 7240 says', (header, expected) => expect(preferencesOf(header)).toEqual(expected));

it('reads a hostile header in no time', () => {
  const before = performance.now();
  preferencesOf(`${'a;'.repeat(490)}\u0000`);
  preferencesOf(`a="${'\\"'.repeat(490)}`);
  expect(performance.now() - before).toBeLessThan(100);
});
