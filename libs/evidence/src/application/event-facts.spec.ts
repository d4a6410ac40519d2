import { actorsOf, keyIdsOf, operationIdOf, typeOf } from './event-facts.js';

describe('what an event can be asked for by', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['one key', { keyId: 'a' }, ['a']],
    ['the keys that were asked for', { keyUsages: [{ keyId: 'a' }, { keyId: 'b' }] }, ['a', 'b']],
    ['settled and returned uses, each key once', { settled: [{ keyId: 'a' }, { keyId: 'a' }], returned: [{ keyId: 'b' }] }, ['a', 'b']],
    ['no key', { keyId: null }, []],
    ['other shapes', { keyId: 5, keyUsages: 'x', settled: [null, 'a', {}] }, []],
    ['nothing', null, []],
    ['a text', 'keyId', []],
  ])('keys: %s', (_, data, keys) => {
    expect(keyIdsOf({ data })).toEqual(keys);
  });

  it.each<[string, unknown, string | undefined]>([
    ['operation-1', {}, '1'],
    ['signOrder-2', { operationId: '1' }, '1'],
    ['signOrder-2', {}, undefined],
    ['key-1', { operationId: '1' }, undefined],
  ])('the operation of %s with %j', (stream, data, operationId) => {
    expect(operationIdOf({ stream, data })).toBe(operationId);
  });

  it('takes the version off a type', () => {
    expect(typeOf('operations.approval-given.v12')).toEqual({ name: 'operations.approval-given', version: 'v12' });
    expect(typeOf('operations.approval-given')).toEqual({ name: 'operations.approval-given', version: '' });
  });

  it('reads an actor as a subject and, with a #, as issuer and subject too', () => {
    expect(actorsOf('ann')).toEqual([{ issuer: null, subject: 'ann' }]);
    expect(actorsOf('https://idp.example#ann#1')).toEqual([{ issuer: null, subject: 'https://idp.example#ann#1' }, { issuer: 'https://idp.example', subject: 'ann#1' }]);
  });
});
