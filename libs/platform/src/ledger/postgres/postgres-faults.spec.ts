import { isAnswer, spokenFor } from './postgres-faults.js';

describe('what the database of the ledger says', () => {
  it.each([
    ['postgres://signer:s3cret@h/ledger', 's3cret'],
    ['postgres://signer:p%40ss@h/ledger', 'p@ss'],
    ['postgres://signer:p%40ss@h/ledger', 'p%40ss'],
    ['postgres://h/ledger?user=signer&password=s3cret', 's3cret'],
    ['postgres://signer:100%@h/ledger', '100%'],
  ])('never has the password of %s', (url, secret) => {
    const said = spokenFor(url);
    expect(said(new Error(`could not use ${secret} of ${url}`)).message).not.toContain(secret);
    const error = said(new Error(`Invalid URL ${url}`));
    expect(error).toMatchObject({ name: 'LedgerUnavailableError', reason: 'FAILED' });
    expect('cause' in error).toBe(false);
  });

  it('has a reason', () => {
    const said = spokenFor('postgres://h/ledger');
    const reason = (code: string): string => said(Object.assign(new Error('x'), { code })).reason;
    expect([reason('53100'), reason('57014'), reason('ECONNREFUSED'), reason('23505')]).toEqual(['DISK_FULL', 'TIMEOUT', 'FAILED', 'FAILED']);
  });

  it('is an answer, or else the session is of no use any more', () => {
    const answer = (code?: string): boolean => isAnswer(Object.assign(new Error('x'), { code }));
    expect([answer('57014'), answer('53100'), answer('23505')]).toEqual([true, true, true]);
    expect([answer('57P01'), answer('08006'), answer('ECONNRESET'), answer('EPIPE'), answer(undefined)]).toEqual([false, false, false, false, false]);
  });
});
