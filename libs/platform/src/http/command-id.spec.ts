import { bodyDigest } from './body-digest.js';
import { commandIdOf } from '#eventing/command-id.js';

const asked = { issuer: 'https://idp.example', subject: 'me', method: 'POST', path: '/v1/keys', key: 'once' };

it('rule 3: is the same for the same caller, method, path and key, and another one for anything else', () => {
  const id = commandIdOf(asked);
  // Written down: it must not change between releases, or every key that is kept would be new.
  expect(id).toBe('c5cc8781-0029-5332-a9b2-8d26213d4f14');
  expect(commandIdOf({ ...asked })).toBe(id);
  const others = [{ ...asked, issuer: 'https://idp.exampl', subject: 'eme' }, { ...asked, subject: 'you' }, { ...asked, method: 'PUT' }, { ...asked, path: '/v1/keys/' }, { ...asked, key: 'twice' }].map(commandIdOf);
  expect(new Set([id, ...others]).size).toBe(6);
});

it('rule 3: is random without a key', () => {
  expect(commandIdOf({ ...asked, key: null })).not.toBe(commandIdOf({ ...asked, key: null }));
});

it('digests a body as canonical JSON', () => {
  expect(bodyDigest({ b: 1, a: [1.0, 'ü'] })).toBe(bodyDigest(JSON.parse('{ "a": [1e0, "\\u00fc"], "b": 1 }')));
  expect(bodyDigest({ a: 1 })).not.toBe(bodyDigest({ a: 2 }));
  expect(bodyDigest(undefined)).toBe(bodyDigest({}));
  expect(bodyDigest({})).toBe('RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=');
});
