import { Member, Named, listOf } from '#platform/http/schema/json-schema.js';
import { POLICY_SOURCE_ANSWER, policySourceView } from '#platform/http/schema/policy.schema.js';
import type { PolicySourceView } from '#platform/http/schema/policy.schema.js';
import { COUNT, INSTANT, KEY_ID, UUID } from '#platform/http/schema/texts.js';
import type { KeyView } from '../../application/key-view.js';
import { ALGORITHMS } from '../../domain/key/algorithm.js';
import type { Algorithm } from '../../domain/key/algorithm.js';
import { PURPOSES } from '../../domain/key/events.js';
import type { Purpose } from '../../domain/key/events.js';

@Named('Key', 'A signing key. Members without a value are absent')
export class KeyBody {
  @Member(KEY_ID) readonly keyId: string;
  @Member({ type: 'string', enum: PURPOSES }) readonly purpose: Purpose;
  @Member({ type: 'string', enum: ALGORITHMS }) readonly algorithm: Algorithm;
  @Member({ type: 'string', description: 'SubjectPublicKeyInfo; absent while the key is being made' }, { optional: true }) readonly publicKeyPem?: string;
  @Member(POLICY_SOURCE_ANSWER) readonly approvalPolicy: PolicySourceView;
  @Member({ type: 'string' }, { optional: true }) readonly description?: string;
  @Member({ type: 'object', properties: { group: { type: 'string' }, role: { type: 'string' } }, description: 'Absent: every orderer may ask for it' }, { optional: true })
  readonly requesters?: { readonly group?: string; readonly role?: string };
  @Member({ type: 'string', enum: ['creating', 'enabled', 'disabled'] }) readonly status: KeyView['status'];
  @Member(INSTANT) readonly createdAt: string;
  @Member(COUNT) readonly revision: number;
}

@Named('DisabledKey', 'A key that was disabled just now')
export class DisabledKeyBody extends KeyBody {
  @Member(listOf(UUID, { description: 'Sign orders that had started before it and had no end then: they may still sign' })) readonly inFlight: readonly string[];
}

/** A key as answers show it. */
export function keyBody(view: KeyView): KeyBody {
  const { keyId, purpose, algorithm, publicKeyPem, approvalPolicy, description, requesters, status, createdAt, revision } = view;
  return {
    keyId, purpose, algorithm,
    ...(publicKeyPem === null ? {} : { publicKeyPem }),
    approvalPolicy: policySourceView(approvalPolicy),
    ...(description === null ? {} : { description }),
    ...(requesters === null ? {} : { requesters }),
    status, createdAt, revision,
  };
}
