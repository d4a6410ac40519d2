import { NOBODY_KNOWN } from '#identity/contract.js';
import { mayDecideNow } from './decision.js';
import { quorumMet, quorumOf } from './status.js';
import {
  ADMINISTRATOR, approval, approve, approved, approvers, at, exhausted, expired, fold, given, key, NONE, nowAt, ONE, ORDERER, person, refusal, reject, rejected, rejection, requested, reservation, revocation, settled, STRANGER,
  THREE, TWO, withdrawal,
} from './testing/given-operation.js';

const [dev, prod] = [key('fw-dev', NONE), key('fw-prod', approvers(2))];
const pending = requested([dev, prod]);

describe('approval', () => {
  it('leaves it pending until there are enough', () => given(pending).when(approve(ONE)).then(approval(ONE)));
  it('of the last one needed approves it', () => given(pending, approval(ONE)).when(approve(TWO)).then(approval(TWO), approved));
  it('keeps comment, claims, roles and groups of that moment', () => {
    given(pending).when(approve(ONE, { comment: 'looks good' })).then(approval(ONE, 'looks good'));
    expect(fold(pending, approval(ONE, 'looks good')).decisions).toEqual([
      { decision: 'approve', by: { issuer: ONE.issuer, subject: ONE.subject, roles: ONE.roles, groups: ONE.groups }, name: ONE.name, claims: ONE.claims, at: at('12:30'), comment: 'looks good' },
    ]);
  });
  it('is possible before the window opens', () => given(pending).when(approve(ONE, { now: nowAt('12:05') })).then({ ...approval(ONE), data: { ...approval(ONE).data, at: at('12:05') } } as ReturnType<typeof approval>));

  it('by one person counts once', () => {
    given(pending, approval(ONE)).when(approve(ONE)).then();
    given(pending, approval(ONE)).when(approve({ ...ONE, groups: ['fw', 'more'], name: 'Another name' })).then();
    expect(quorumMet(fold(pending, approval(ONE), approval(ONE)), at('12:30'), NOBODY_KNOWN)).toBe(false);
  });
  it('by the same subject of another issuer is another person\'s', () => given(pending, approval(ONE)).when(approve({ ...ONE, issuer: 'https://other' })).then(approval({ ...ONE, issuer: 'https://other' }), approved));

  it('is all or nothing: every key needs its own, each policy is judged alone', () => {
    const keys = [key('a', approvers(1, 'fw')), key('b', approvers(1, 'hw')), dev];
    given(requested(keys)).when(approve(ONE)).then(approval(ONE));
    given(requested(keys), approval(ONE)).when(approve(TWO)).then(approval(TWO));
    given(requested(keys), approval(ONE)).when(approve(STRANGER)).then(approval(STRANGER), approved);
    expect(quorumOf(fold(requested(keys), approval(ONE)), at('12:30'), NOBODY_KNOWN).map((q) => [q.keyId, q.verdict])).toEqual([['a', { met: true, missing: 0 }], ['b', { met: false, missing: 1 }], ['fw-dev', { met: true, missing: 0 }]]);
  });
  it('by one person may serve several keys', () => given(requested([key('a', approvers(1, 'fw')), key('b', approvers(1, 'hw'))])).when(approve(person('both', { groups: ['fw', 'hw'] }))).then(approval(person('both', { groups: ['fw', 'hw'] })), approved));
  it('counts for the roles and groups that the person had then', () => {
    const left = person('approver2', { groups: [] });
    expect(quorumMet(fold(pending, approval(ONE), approval(left)), at('12:30'), NOBODY_KNOWN)).toBe(false);
  });
});

describe('who does not decide', () => {
  const self = person('orderer1');
  it('the requester, by identity, also with role and group, and under another name', () => {
    for (const who of [ORDERER, self, { ...self, name: 'Somebody else', claims: {} }]) {
      given(pending).when(approve(who)).refuses('SELF_APPROVAL');
      given(pending).when(reject(who)).refuses('SELF_APPROVAL');
    }
    given(pending).when(approve({ ...self, issuer: 'https://other' })).then(approval({ ...self, issuer: 'https://other' }));
  });
  it('an approval of the requester that stands in the log does not count', () => {
    expect(quorumMet(fold(pending, approval(ONE), approval(self)), at('12:30'), NOBODY_KNOWN)).toBe(false);
    given(pending, approval(self)).when(approve(ONE)).then(approval(ONE));
  });
  it('whom no policy names, administrators among them', () => {
    for (const who of [STRANGER, ADMINISTRATOR, person('x', { roles: ['orderer'] }), person('x', { roles: [] }), person('x', { groups: [] })]) {
      given(pending).when(approve(who)).refuses('NOT_ELIGIBLE');
      given(pending).when(reject(who)).refuses('NOT_ELIGIBLE');
    }
  });
  it('nobody where nobody is asked', () => given(requested([dev]), approved).when(approve(ONE)).refuses('NOT_ELIGIBLE'));
  it('whom one key\'s policy names may decide, whatever else he is', () => {
    const auditor = person('a', { roles: ['auditor', 'administrator', 'approver'] });
    given(requested([key('x', approvers(1, 'hw')), prod])).when(approve(auditor)).then(approval(auditor));
  });
});

describe('rejection', () => {
  it('of one is final', () => {
    given(pending).when(reject(ONE, { comment: 'no' })).then(rejection(ONE, 'no'), rejected);
    given(pending, approval(TWO)).when(reject(ONE)).then(rejection(ONE), rejected);
    given(pending, rejection(ONE), rejected).when(approve(TWO)).refuses('OPERATION_REJECTED');
  });
  it('never counts as an approval', () => expect(quorumMet(fold(pending, approval(ONE), rejection(TWO)), at('12:30'), NOBODY_KNOWN)).toBe(false));
});

describe('deciding again', () => {
  it('the same changes nothing, in every state', () => {
    given(pending, approval(ONE), approval(TWO), approved).when(approve(ONE)).then();
    given(pending, rejection(ONE), rejected).when(reject(ONE)).then();
    given(pending, approval(ONE)).when(approve(ONE, { now: nowAt('13:00') })).then();
    given(pending, approval(ONE), expired).when(approve(ONE)).then();
  });
  it('the other way is refused', () => {
    given(pending, approval(ONE)).when(reject(ONE)).refuses('ALREADY_DECIDED');
    given(pending, rejection(ONE), rejected).when(approve(ONE)).refuses('ALREADY_DECIDED');
    given(pending, approval(ONE), approval(TWO), approved).when(reject(ONE)).refuses('ALREADY_DECIDED');
  });
  it('after a withdrawal is possible, either way', () => {
    given(pending, approval(ONE), withdrawal(ONE)).when(approve(ONE)).then(approval(ONE));
    given(pending, approval(ONE), withdrawal(ONE)).when(reject(ONE)).then(rejection(ONE), rejected);
  });
});

describe('decisions are for pending operations', () => {
  const done = [pending, approval(ONE), approval(TWO), approved] as const;
  it.each([
    ['OPERATION_APPROVED', fold(...done)],
    ['OPERATION_REJECTED', fold(pending, rejection(ONE), rejected)],
    ['OPERATION_REVOKED', fold(pending, revocation(ADMINISTRATOR))],
    ['OPERATION_EXPIRED', fold(pending, expired)],
    ['OPERATION_EXHAUSTED', fold(...done, reservation('o', 'fw-dev', 3), reservation('p', 'fw-prod', 3), settled(['o', 3], ['p', 3, 'fw-prod']), exhausted)],
  ])('%s', (code, state) => {
    expect(refusal(state, approve(THREE))).toBe(code);
    expect(refusal(state, reject(THREE))).toBe(code);
    expect(mayDecideNow(state, THREE, at('12:30'), NOBODY_KNOWN)).toBe(false);
  });
  it('until expiresAt', () => {
    given(pending).when(approve(ONE, { now: nowAt('12:59:59.999') })).then({ ...approval(ONE), data: { ...approval(ONE).data, at: at('12:59:59.999') } } as ReturnType<typeof approval>);
    given(pending).when(approve(ONE, { now: nowAt('13:00') })).refuses('OPERATION_EXPIRED');
    given(...done).when(approve(THREE, { now: nowAt('13:00') })).refuses('OPERATION_EXPIRED');
  });
  it('rule 14: by the time that never goes back', () => given(pending).when(approve(ONE, { now: nowAt('13:00', '12:30') })).refuses('OPERATION_EXPIRED'));
});

describe('the order of refusals: own operation, eligibility, digest, own earlier decision, state', () => {
  const wrong = { requestDigest: 'another', now: nowAt('13:30') };
  it('own operation comes first', () => given(pending).when(approve(ORDERER, wrong)).refuses('SELF_APPROVAL'));
  it('then eligibility', () => given(pending).when(approve(STRANGER, wrong)).refuses('NOT_ELIGIBLE'));
  it('then the digest', () => {
    given(pending, approval(ONE)).when(approve(ONE, wrong)).refuses('REQUEST_DIGEST_MISMATCH');
    given(pending, approval(ONE)).when(reject(ONE, wrong)).refuses('REQUEST_DIGEST_MISMATCH');
    given(pending).when(approve(ONE, { requestDigest: '' })).refuses('REQUEST_DIGEST_MISMATCH');
  });
  it('then the own earlier decision', () => given(pending, approval(ONE)).when(reject(ONE, { now: nowAt('13:30') })).refuses('ALREADY_DECIDED'));
  it('then the state', () => given(pending, approval(ONE)).when(approve(TWO, { now: nowAt('13:30') })).refuses('OPERATION_EXPIRED'));
});
