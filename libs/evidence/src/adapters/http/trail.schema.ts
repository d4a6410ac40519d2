import type { Actor } from '#kernel/actor.js';
import { Member, Named, ref } from '#platform/http/schema/json-schema.js';
import { ActorBody } from '#platform/http/schema/people.schema.js';
import { INSTANT, UUID } from '#platform/http/schema/texts.js';
import type { TrailItem } from '../../application/trail-item.js';

@Named('TrailItem', 'An event, as the event store has it')
export class TrailItemBody implements TrailItem {
  @Member({ type: 'string', pattern: '^\\d+$' }) readonly position: string;
  @Member({ type: 'string' }) readonly stream: string;
  @Member({ type: 'string', pattern: '^\\d+$' }) readonly revision: string;
  @Member(UUID) readonly id: string;
  @Member({ type: 'string', pattern: '^[a-z-]+\\.[a-z-]+\\.v\\d+$' }) readonly type: string;
  @Member(INSTANT) readonly at: string;
  @Member(ref(ActorBody)) readonly actor: Actor;
  @Member({ description: 'What happened; docs/events.md tells its members' }) readonly data: unknown;
}

export const EXAMPLE_EVENT: TrailItem = {
  position: '1042',
  stream: 'operation-0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e',
  revision: '1',
  id: '4a6a2f3e-6f0d-5b2a-9d58-0d2c5e7b9a11',
  type: 'operations.approval-given.v1',
  at: '2026-11-20T11:59:41.007Z',
  actor: { issuer: 'https://idp.example', subject: 'approver-1' },
  data: { comment: 'Compared with the release notes' },
};
