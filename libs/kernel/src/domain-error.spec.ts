import { sameActor, SYSTEM_ISSUER, systemActor } from './actor.js';
import { DomainError, invalid } from './domain-error.js';
import { ERROR_CODES } from './error-code.js';
import { exhaustive } from './exhaustive.js';

describe('DomainError', () => {
  it('tells its code, its detail, and what more there is', () => {
    const error = new DomainError('RATE_LIMITED', 'too many', { retryAfterSeconds: 3 });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'DomainError', code: 'RATE_LIMITED', detail: 'too many', message: 'RATE_LIMITED: too many', more: { retryAfterSeconds: 3 } });
    expect(new DomainError('INTERNAL', 'x').more).toEqual({});
  });

  it('of an input names each fault', () => {
    const faults = [{ path: '/a', message: 'is missing' }, { path: '/b/0', message: 'is too long' }];
    expect(invalid(...faults)).toMatchObject({ code: 'VALIDATION_FAILED', detail: '/a: is missing; /b/0: is too long', more: { faults } });
  });

  it('codes are different from each other', () => expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length));
});

describe('actors', () => {
  it('are the same by issuer and subject, not by one of them, nor by what else they carry', () => {
    const ada = { issuer: 'i', subject: 's' };
    expect(sameActor(ada, { ...ada, name: 'Ada' } as typeof ada)).toBe(true);
    expect(sameActor(ada, { issuer: 'i', subject: 'S' })).toBe(false);
    expect(sameActor(ada, { issuer: 'j', subject: 's' })).toBe(false);
    expect(sameActor({ issuer: 'a', subject: 'b c' }, { issuer: 'a b', subject: 'c' })).toBe(false);
  });

  it('of our own processes have an issuer of their own', () => expect(systemActor('expiry')).toEqual({ issuer: SYSTEM_ISSUER, subject: 'expiry' }));
});

it('an unhandled member stops', () => expect(() => exhaustive({ type: 'new' } as never)).toThrow('not handled: {"type":"new"}'));
