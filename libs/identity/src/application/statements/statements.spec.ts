import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { ActStatement, DecisionStatement, OrderStatement } from '../../contract.js';
import { actStatement, parseActStatement } from './act-statement.js';
import { canonicalDigest, statementDigest } from './canonical.js';
import { decisionStatement, parseDecisionStatement } from './decision-statement.js';
import { orderStatement, parseOrderStatement } from './order-statement.js';

const D1 = canonicalDigest(1);
const D2 = canonicalDigest(2);
const DECISION: DecisionStatement = { operationId: 'op-1', requestDigest: D1, policyDigest: D2, decision: 'approve', nonce: 'n0nce', audience: 'https://countersign.example', at: '2026-11-20T12:00:00.000Z' };
const ACT: ActStatement = { method: 'PUT', path: '/v1/policies/two', bodyDigest: D1, session: null, previous: D2 };
const ORDER: OrderStatement = { operationId: 'op-1', requestDigest: D1, idempotencyKey: 'k', keyId: 'fw-prod', digests: [D2] };

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((s) => s.length <= 200);
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => Buffer.from(b).toString('base64'));
const at = fc.date({ min: new Date('2000-01-01'), max: new Date('2999-01-01'), noInvalidDate: true }).map((d) => d.toISOString());
const decision = fc.record({ operationId: text, requestDigest: digest, policyDigest: digest, decision: fc.constantFrom('approve' as const, 'reject' as const), nonce: text, audience: text, at, after: fc.array(digest) }, { requiredKeys: ['operationId', 'requestDigest', 'policyDigest', 'decision', 'nonce', 'audience', 'at'] }) as fc.Arbitrary<DecisionStatement>;
const act = fc.record({ method: fc.constantFrom('PUT', 'POST', 'DELETE'), path: text.map((t) => `/${t}`), bodyDigest: digest, session: fc.option(text), previous: fc.option(digest) });
const order = fc.record({ operationId: text, requestDigest: digest, idempotencyKey: text, keyId: text, digests: fc.array(fc.oneof(digest, fc.uint8Array({ minLength: 48, maxLength: 48 }).map((b) => Buffer.from(b).toString('base64')), fc.uint8Array({ minLength: 64, maxLength: 64 }).map((b) => Buffer.from(b).toString('base64'))), { minLength: 1 }) });

describe('statements', () => {
  it('are these texts', () => {
    expect(decisionStatement(DECISION)).toBe(`{"at":"2026-11-20T12:00:00.000Z","audience":"https://countersign.example","decision":"approve","nonce":"n0nce","operationId":"op-1","policyDigest":"${D2}","requestDigest":"${D1}","type":"countersign/decision/v1"}`);
    expect(decisionStatement({ ...DECISION, after: [D1] })).toContain(`{"after":["${D1}"],"at"`);
    expect(actStatement(ACT)).toBe(`{"bodyDigest":"${D1}","method":"PUT","path":"/v1/policies/two","previous":"${D2}","session":null,"type":"countersign/act/v1"}`);
    expect(orderStatement(ORDER)).toBe(`{"digests":["${D2}"],"idempotencyKey":"k","keyId":"fw-prod","operationId":"op-1","requestDigest":"${D1}"}`);
  });

  it('have the digest of their UTF-8 bytes', () => {
    expect(statementDigest('{"ü":1}')).toBe(createHash('sha256').update(Buffer.from('{"ü":1}', 'utf8')).digest('base64'));
    expect(canonicalDigest({ b: 1, a: 'ü' })).toBe(statementDigest('{"a":"ü","b":1}'));
  });

  it('are read back as what they were made of', () => {
    fc.assert(fc.property(decision, (d) => expect(parseDecisionStatement(decisionStatement(d))).toEqual({ statement: d })));
    fc.assert(fc.property(act, (a) => expect(parseActStatement(actStatement(a))).toEqual({ statement: a })));
    fc.assert(fc.property(order, (o) => expect(parseOrderStatement(orderStatement(o))).toEqual({ statement: o })));
  });

  it('are never read as one another', () => {
    fc.assert(fc.property(decision, act, order, (d, a, o) => {
      for (const t of [actStatement(a), orderStatement(o)]) expect(parseDecisionStatement(t)).toHaveProperty('fault');
      for (const t of [decisionStatement(d), orderStatement(o)]) expect(parseActStatement(t)).toHaveProperty('fault');
      for (const t of [decisionStatement(d), actStatement(a)]) expect(parseOrderStatement(t)).toHaveProperty('fault');
    }));
  });

  it('have one text each: another text of the same JSON is refused', () => {
    fc.assert(fc.property(decision, fc.nat(), (d, n) => {
      const members = Object.entries(JSON.parse(decisionStatement(d)) as object);
      const turned = Object.fromEntries([...members.slice((n % (members.length - 1)) + 1), ...members.slice(0, (n % (members.length - 1)) + 1)]);
      expect(parseDecisionStatement(JSON.stringify(turned))).toHaveProperty('fault');
    }));
    for (const other of [` ${decisionStatement(DECISION)}`, `${decisionStatement(DECISION)}\n`, decisionStatement(DECISION).replace('approve', '\\u0061pprove'), decisionStatement(DECISION).replace('{', '{"at":"2026-11-20T12:00:00.000Z",'), `\ufeff${decisionStatement(DECISION)}`]) expect([other, parseDecisionStatement(other)]).toEqual([other, expect.objectContaining({ fault: expect.any(String) })]);
  });

  it('with any character changed are refused, or say something else', () => {
    const whole = decisionStatement({ ...DECISION, after: [D1] });
    fc.assert(fc.property(fc.nat({ max: whole.length - 1 }), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (i, c) => {
      const altered = whole.slice(0, i) + c + whole.slice(i + 1);
      const read = parseDecisionStatement(altered);
      if (altered !== whole && 'statement' in read) {
        expect(read.statement).not.toEqual({ ...DECISION, after: [D1] });
        expect(decisionStatement(read.statement)).toBe(altered);
      }
    }), { numRuns: 2_000 });
  });

  it.each<[string, object]>([
    ['another type', { type: 'countersign/decision/v2' }],
    ['a member more', { comment: 'x' }],
    ['a digest that is none', { requestDigest: 'abc' }],
    ['a digest in base64url', { requestDigest: '-'.repeat(43) + '=' }],
    ['a digest with bits to spare', { policyDigest: `${'A'.repeat(42)}B=` }],
    ['another decision', { decision: 'abstain' }],
    ['no nonce', { nonce: '' }],
    ['a nonce that is a number', { nonce: 1 }],
    ['a time of another width', { at: '2026-11-20T12:00:00Z' }],
    ['a time that there is not', { at: '2026-13-20T12:00:00.000Z' }],
    ['no list', { after: D1 }],
    ['null for what may be left out', { after: null }],
    ['too long a list', { after: Array.from({ length: 2_049 }, () => D1) }],
    ['too long a text', { audience: 'x'.repeat(2_049) }],
  ])('of a decision with %s are refused', (_name, over) => {
    const members = { type: 'countersign/decision/v1', ...DECISION, ...over };
    const sorted = Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)));
    expect(parseDecisionStatement(JSON.stringify(sorted))).toEqual({ fault: expect.any(String) });
  });

  it.each<[string, keyof DecisionStatement]>(Object.keys(DECISION).map((k) => [k, k as keyof DecisionStatement]))('of a decision without %s are refused', (_, name) => {
    const { [name]: _gone, ...rest } = DECISION;
    expect(parseDecisionStatement(decisionStatement(rest as DecisionStatement))).toHaveProperty('fault');
  });

  it('are none of anything else, and nothing throws', () => {
    const deep = '['.repeat(60_000) + ']'.repeat(60_000);
    const odd: readonly unknown[] = ['', '{', 'null', '[]', '1', '"x"', '{}', deep, `{"type":${deep}}`, '{"__proto__":1}', 'x'.repeat(131_073), undefined, null, 7, {}, [], Buffer.from('{}')];
    for (const parse of [parseDecisionStatement, parseActStatement, parseOrderStatement]) {
      for (const value of odd) expect(parse(value)).toEqual({ fault: expect.any(String) });
      fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.anything()), (value) => expect(parse(value)).toHaveProperty('fault')));
    }
  });

  it('have room for the largest order', () => {
    const digests = Array.from({ length: 1_000 }, (_, i) => Buffer.alloc(64, i).toString('base64'));
    expect(parseOrderStatement(orderStatement({ ...ORDER, digests }))).toHaveProperty('statement.digests.length', 1_000);
    expect(parseOrderStatement(orderStatement({ ...ORDER, digests: [...digests, D1] }))).toHaveProperty('fault');
    expect(parseOrderStatement(orderStatement({ ...ORDER, digests: [] }))).toHaveProperty('fault');
  });
});
