import type { Instant } from '#kernel/clock.js';
import { Member, Named, listOf, ref } from '#platform/http/schema/json-schema.js';
import type { JsonSchema } from '#platform/http/schema/json-schema.js';
import { ActorBody } from '#platform/http/schema/people.schema.js';
import { INSTANT, TEXT, UUID } from '#platform/http/schema/texts.js';
import type { SessionGrant } from '../../domain/control-plane/effects.js';
import { isOpen } from '../../domain/control-plane/sessions.js';
import type { SessionState } from '../../domain/control-plane/state.js';

const STATES = ['open', 'closed', 'over'] as const;
const GRANT: JsonSchema = {
  type: 'object', properties: { action: { type: 'string', enum: ['administer', 'sign'] }, resource: TEXT, maxUsageCount: { type: 'integer', minimum: 1, description: 'of `sign`' } }, required: ['action', 'resource'],
};

@Named('AdministrationSession', 'A window in which its opener may do what its grants name')
export class SessionBody {
  @Member(UUID) readonly sessionId: string;
  @Member({ ...UUID, description: 'Which opened it' }) readonly operationId: string;
  @Member(ref(ActorBody)) readonly openedBy: ActorBody;
  @Member(INSTANT) readonly openedAt: string;
  @Member({ ...INSTANT, description: 'Over from then on' }) readonly endsAt: string;
  @Member(TEXT) readonly purpose: string;
  @Member(listOf(GRANT)) readonly grants: readonly SessionGrant[];
  @Member({ type: 'string', enum: STATES }) readonly state: (typeof STATES)[number];
}

export function sessionBody(session: SessionState, now: Instant): SessionBody {
  const { sessionId, openedBy, openedAt, endsAt, purpose, grants, closed } = session;
  return { sessionId, operationId: sessionId, openedBy: { issuer: openedBy.issuer, subject: openedBy.subject }, openedAt, endsAt, purpose, grants, state: closed !== null ? 'closed' : isOpen(session, now) ? 'open' : 'over' };
}

const ID = '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e';
export const SESSION_REQUEST = { purpose: 'Quarterly change of keys', validMs: 3_600_000, grants: [{ action: 'administer', resource: 'POST /v1/keys' }, { action: 'sign', resource: 'root-2026', maxUsageCount: 2 }] };
export const EXAMPLE_SESSION: SessionBody = {
  sessionId: ID, operationId: ID, openedBy: { issuer: 'https://idp.example', subject: 'admin1' }, openedAt: '2026-11-20T12:00:00.000Z', endsAt: '2026-11-20T13:00:00.000Z', purpose: SESSION_REQUEST.purpose,
  grants: [{ action: 'administer', resource: 'POST /v1/keys' }, { action: 'sign', resource: 'root-2026', maxUsageCount: 2 }], state: 'open',
};
