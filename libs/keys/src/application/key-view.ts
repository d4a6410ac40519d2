import type { PolicySource } from '#policies/contract.js';
import type { Algorithm } from '../domain/key/algorithm.js';
import type { Purpose } from '../domain/key/events.js';

/** A key as the wire contract shows it; members without a value are absent. */
export interface KeyView {
  readonly keyId: string;
  readonly purpose: Purpose;
  readonly algorithm: Algorithm;
  readonly publicKeyPem: string | null;
  readonly approvalPolicy: PolicySource;
  readonly description: string | null;
  readonly requesters: { readonly group?: string; readonly role?: string } | null;
  readonly status: 'creating' | 'enabled' | 'disabled';
  readonly createdAt: string;
  readonly revision: number;
}
