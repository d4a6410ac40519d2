import { createHash } from 'node:crypto';
import { requestStatement } from './request-statement.js';
import type { StatedRequest } from './request-statement.js';

const ASKED: StatedRequest = {
  deployment: '5d0c6a51-6a0e-4c0b-9b57-6c5c3a4f8b7d',
  operationId: '0b0f9a4e-6d1c-5f5e-9a55-0a4f5b7c1d11',
  requestedBy: { issuer: 'https://idp.example', subject: 'zoë', name: 'Zoë "Z" Müller', claims: { repository: 'acme/firmware', attempt: 1e21, ratio: 0.1, 'ключ': ['€', '𝄞', '\u0007\n'], Ab: null, aB: true } },
  requestedAt: '2026-11-20T12:00:00.000Z',
  notBefore: '2026-11-20T12:00:00.000Z',
  expiresAt: '2026-11-20T13:00:00.000Z',
  description: 'Release 4.2.0 — größer\u2028/\u007f\\',
  approverContext: null,
  keyUsages: [
    { keyId: 'fw-prod', algorithm: 'ES256', publicKeySha256: 'ab12', maxUsageCount: 3, policy: { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' } },
    { keyId: 'fw-dev', algorithm: 'EdDSA', publicKeySha256: 'cd34', maxUsageCount: 1_000_000, policy: { type: 'none' } },
  ],
  grants: [],
  emergency: null,
  binding: { digests: ['47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='] },
};

/** By hand from RFC 8785: members by UTF-16 code units, numbers as ECMAScript has them, no character escaped that needs none. */
const STATEMENT =
  '{"approverContext":null,"binding":{"digests":["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]},"deployment":"5d0c6a51-6a0e-4c0b-9b57-6c5c3a4f8b7d"' +
  ',"description":"Release 4.2.0 — größer\u2028/\u007f\\\\","expiresAt":"2026-11-20T13:00:00.000Z"' +
  ',"keyUsages":[{"algorithm":"ES256","keyId":"fw-prod","maxUsageCount":3,"policy":{"count":2,"group":"firmware-approvers","role":"approver","type":"approvers"},"publicKeySha256":"ab12"}' +
  ',{"algorithm":"EdDSA","keyId":"fw-dev","maxUsageCount":1000000,"policy":{"type":"none"},"publicKeySha256":"cd34"}]' +
  ',"notBefore":"2026-11-20T12:00:00.000Z","operationId":"0b0f9a4e-6d1c-5f5e-9a55-0a4f5b7c1d11","requestedAt":"2026-11-20T12:00:00.000Z"' +
  ',"requestedBy":{"claims":{"Ab":null,"aB":true,"attempt":1e+21,"ratio":0.1,"repository":"acme/firmware","ключ":["€","𝄞","\\u0007\\n"]},"issuer":"https://idp.example","name":"Zoë \\"Z\\" Müller","subject":"zoë"}' +
  ',"type":"countersign/request/v1"}';

describe('requestStatement', () => {
  it('is the RFC 8785 form, byte for byte', () => expect(requestStatement(ASKED).statement).toBe(STATEMENT));

  it('has the digest of its UTF-8 bytes', () => {
    const { statement, digest } = requestStatement(ASKED);
    expect(digest).toBe(createHash('sha256').update(Buffer.from(STATEMENT, 'utf8')).digest('base64'));
    expect(digest).toBe(createHash('sha256').update(statement).digest('base64'));
    expect(Buffer.from(digest, 'base64')).toHaveLength(32);
  });

  it('has the members of the contract and no other', () => {
    const stated = JSON.parse(requestStatement(ASKED).statement) as { readonly requestedBy: object; readonly keyUsages: readonly object[] };
    expect(Object.keys(stated).sort()).toEqual(['approverContext', 'binding', 'deployment', 'description', 'expiresAt', 'keyUsages', 'notBefore', 'operationId', 'requestedAt', 'requestedBy', 'type']);
    expect(Object.keys(stated.requestedBy).sort()).toEqual(['claims', 'issuer', 'name', 'subject']);
    for (const usage of stated.keyUsages) expect(Object.keys(usage).sort()).toEqual(['algorithm', 'keyId', 'maxUsageCount', 'policy', 'publicKeySha256']);
  });

  it('takes over nothing that it does not know', () => {
    const more = { ...ASKED, secret: 's', requestedBy: { ...ASKED.requestedBy, roles: ['orderer'] }, keyUsages: ASKED.keyUsages.map((k) => ({ ...k, reserved: 1, spent: 2 })) };
    expect(requestStatement(more)).toEqual(requestStatement(ASKED));
  });

  it('does not depend on the order of members, but on that of keys', () => {
    const shuffled = JSON.parse(JSON.stringify(ASKED)) as StatedRequest;
    const reversed = Object.fromEntries(Object.entries(shuffled).reverse()) as unknown as StatedRequest;
    expect(requestStatement(reversed)).toEqual(requestStatement(ASKED));
    expect(requestStatement({ ...ASKED, keyUsages: [...ASKED.keyUsages].reverse() }).digest).not.toBe(requestStatement(ASKED).digest);
  });

  it('changes with every single thing that is asked', () => {
    const [first, second] = ASKED.keyUsages;
    if (first === undefined || second === undefined) throw new Error('two keys');
    const other: readonly Partial<StatedRequest>[] = [
      { deployment: 'x' }, { operationId: 'x' }, { requestedBy: { ...ASKED.requestedBy, subject: 'zoe' } }, { requestedBy: { ...ASKED.requestedBy, issuer: 'x' } }, { requestedBy: { ...ASKED.requestedBy, name: null } },
      { requestedBy: { ...ASKED.requestedBy, claims: {} } }, { requestedAt: 'x' }, { notBefore: 'x' }, { expiresAt: 'x' }, { description: 'x' }, { approverContext: '' }, { binding: null }, { binding: { digests: [] } },
      ...[{ keyId: 'x' }, { algorithm: 'ES384' as const }, { publicKeySha256: 'x' }, { maxUsageCount: 4 }, { policy: { type: 'none' as const } }, { policy: { type: 'approvers' as const, count: 2, group: null, role: 'approver' } }]
        .map((change) => ({ keyUsages: [{ ...first, ...change }, second] })),
    ];
    const digests = [ASKED, ...other.map((change) => ({ ...ASKED, ...change }))].map((asked) => requestStatement(asked).digest);
    expect(new Set(digests).size).toBe(digests.length);
  });
});
