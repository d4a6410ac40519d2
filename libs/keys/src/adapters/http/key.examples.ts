import type { KeyBody } from './key.schema.js';

export const EXAMPLE_KEY: KeyBody = {
  keyId: 'fw-prod',
  purpose: 'firmware',
  algorithm: 'ES256',
  publicKeyPem: '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkP0W0qUjLkE1wTnGvF5pQbI5c0c0\n0o2cQ1TzvJ1zJm0m9f3S3k0v7y0m2M3gQm0v7y0m2M3gQm0v7y0m2M3gQg==\n-----END PUBLIC KEY-----\n',
  approvalPolicy: { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' },
  description: 'Signs releases of the pump controller',
  status: 'enabled',
  createdAt: '2026-11-20T12:00:00.000Z',
  revision: 1,
};
export const CREATING_KEY: KeyBody = {
  keyId: 'fw-prod', purpose: 'firmware', algorithm: 'RS256', approvalPolicy: { type: 'none' }, status: 'creating', createdAt: '2026-11-20T12:00:00.000Z', revision: 0,
};
export const IN_FLIGHT: readonly string[] = ['8a3f7f2e-0c9e-5b5c-8d1e-2f6a7b8c9d0e'];

export const REGISTRATIONS = {
  'made in the HSM': { keyId: 'fw-prod', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { type: 'approvers', count: 2, group: 'firmware-approvers' }, description: 'Signs releases of the pump controller' },
  'without approval, for one group': { keyId: 'fw-dev', purpose: 'firmware', algorithm: 'PS256', modulusBits: 3072, approvalPolicy: { type: 'none' }, requesters: { group: 'firmware' } },
  'there already': { keyId: 'docs', purpose: 'document', algorithm: 'EdDSA', approvalPolicy: { type: 'approvers', count: 1 }, pkcs11: { label: 'docs-2026', idHex: '0a1b' } },
} as const;

export const POLICIES = {
  'two of a group': { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' },
  nobody: { type: 'none' },
  'first a developer, then two of three departments, signed': {
    tree: {
      type: 'sequence',
      of: [
        { type: 'approvers', count: 1, group: 'developers' },
        { type: 'threshold', k: 2, of: [{ type: 'approvers', count: 1, group: 'quality' }, { type: 'approvers', count: 1, group: 'security' }, { type: 'approvers', count: 1, group: 'release' }] },
      ],
    },
    requiredProof: 'signature', minimumDelayMs: 3_600_000, approvalValidityMs: 86_400_000, excludedGroups: ['contractors'],
    allowedHours: { timeZone: 'Europe/Copenhagen', days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00' },
  },
} as const;
