import { base64Bytes, isBase64 } from './base64.js';

it.each([0, 1, 2, 3, 32, 48, 64, 767, 768, 769, 770, 4096, 1_048_576])('takes %i bytes, and knows how many they are', (length) => {
  const text = Buffer.alloc(length, 0xa7).toString('base64');
  expect(isBase64(text)).toBe(true);
  expect(base64Bytes(text)).toBe(length);
});

const long = Buffer.alloc(1500, 1).toString('base64');
it.each([
  ['unpadded', 'AA'], ['padded too much', 'AA==='], ['only padding', '===='], ['the URL alphabet', '-_-_'], ['a line break', 'AAAA\n'], ['spaces', 'AA AA=== '], ['unused bits set, two', 'AB=='], ['unused bits set, one', 'AAB='],
  ['padding in the middle', 'AA==AAAA'], ['a letter beyond ASCII', 'AAAé'], ['long and URL', `${long.slice(0, -4)}-_-_`], ['long with unused bits', `${long.slice(0, -4)}AAB=`], ['long with a line break', `${long.slice(0, -4)}\nAAA`],
])('refuses %s', (_, text) => expect(isBase64(text)).toBe(false));
