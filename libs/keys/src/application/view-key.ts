import type { Folded } from '#eventing/stream-states.js';
import { DomainError } from '#kernel/domain-error.js';
import type { KeyState } from '../domain/key/state.js';
import type { KeyView } from './key-view.js';
import type { PublicKeyPem } from './ports/public-key-pem.port.js';

/** The key as callers see it; undefined while there is none, which is also so after its registration failed. */
export function viewKey(state: KeyState, revision: number, pem: PublicKeyPem): KeyView | undefined {
  const { status, createdAt, publicKey, requesters } = state;
  if (status === 'absent' || status === 'failed' || createdAt === null) return undefined;
  return {
    keyId: state.keyId,
    purpose: state.purpose,
    algorithm: state.algorithm,
    publicKeyPem: publicKey === null ? null : pem(publicKey),
    approvalPolicy: state.approvalPolicy,
    description: state.description,
    requesters: requesters === null ? null : { ...(requesters.group === null ? {} : { group: requesters.group }), ...(requesters.role === null ? {} : { role: requesters.role }) },
    status,
    createdAt,
    revision,
  };
}

/** @throws DomainError KEY_NOT_FOUND */
export function presentKey({ state, revision }: Folded<KeyState>, pem: PublicKeyPem): KeyView {
  const view = viewKey(state, revision, pem);
  if (view === undefined) throw new DomainError('KEY_NOT_FOUND', 'there is no such key');
  return view;
}
