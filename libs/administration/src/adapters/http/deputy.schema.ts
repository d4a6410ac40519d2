import type { Instant } from '#kernel/clock.js';
import { Member, Named, listOf, ref } from '#platform/http/schema/json-schema.js';
import { ActorBody } from '#platform/http/schema/people.schema.js';
import { INSTANT, TEXT, UUID } from '#platform/http/schema/texts.js';
import type { DeputyState } from '../../domain/control-plane/state.js';

const STATUSES = ['named', 'active', 'over', 'withdrawn'] as const;

@Named('Deputy', 'Somebody who fills slots in the name of somebody else, one human once')
export class DeputyBody {
  @Member(UUID) readonly deputyId: string;
  @Member({ ...ref(ActorBody), description: 'In whose name' }) readonly principal: ActorBody;
  @Member(ref(ActorBody)) readonly deputy: ActorBody;
  @Member(listOf(TEXT)) readonly groups: readonly string[];
  @Member(INSTANT) readonly from: string;
  @Member({ ...INSTANT, description: 'No longer from then on' }) readonly until: string;
  @Member(TEXT) readonly reason: string;
  @Member({ type: 'string', enum: STATUSES }) readonly status: (typeof STATUSES)[number];
}

export function deputyBody({ deputyId, principal, deputy, groups, from, until, reason, withdrawnAt }: DeputyState, now: Instant): DeputyBody {
  const status = withdrawnAt !== null ? 'withdrawn' : now >= until ? 'over' : now < from ? 'named' : 'active';
  return { deputyId, principal: { issuer: principal.issuer, subject: principal.subject }, deputy, groups, from, until, reason, status };
}

export const EXAMPLE_DEPUTY: DeputyBody = {
  deputyId: '5a3c1f0e-8f0c-4a53-9a53-0b6c5d1f1f5e', principal: { issuer: 'https://idp.example', subject: 'ana' }, deputy: { issuer: 'https://idp.example', subject: 'ben' }, groups: ['firmware-approvers'],
  from: '2026-11-20T12:00:00.000Z', until: '2026-11-27T12:00:00.000Z', reason: 'On leave', status: 'active',
};
