import { Member, Named, listOf, orNull, ref } from '#platform/http/schema/json-schema.js';
import { PrincipalBody } from '#platform/http/schema/people.schema.js';
import { INSTANT, KEY_ID, TEXT, UUID } from '#platform/http/schema/texts.js';
import type { ReviewView } from '../../application/review-view.js';

const VERDICT = { type: 'string', enum: ['justified', 'not-justified'] };
const REVIEWER = { type: 'object', properties: { issuer: TEXT, subject: TEXT, name: orNull(TEXT) }, required: ['issuer', 'subject', 'name'] };

@Named('Review', 'Uses by an emergency path, and what others found of them')
export class ReviewBody implements ReviewView {
  @Member({ ...UUID, description: 'That of its operation' }) readonly reviewId: string;
  @Member(UUID) readonly operationId: string;
  @Member({ type: 'string', enum: ['open', 'justified', 'not-justified', 'overdue'] }) readonly status: ReviewView['status'];
  @Member(listOf(KEY_ID, { description: 'Disabled when nobody reviews it in time' })) readonly keyIds: readonly string[];
  @Member({ ...TEXT, description: 'Why the emergency path was taken' }) readonly reason: string;
  @Member(ref(PrincipalBody)) readonly requestedBy: PrincipalBody;
  @Member(INSTANT) readonly openedAt: string;
  @Member(INSTANT) readonly dueAt: string;
  @Member(listOf({ type: 'object', properties: { verdict: VERDICT, by: REVIEWER, at: INSTANT, comment: TEXT }, required: ['verdict', 'by', 'at', 'comment'] })) readonly verdicts: ReviewView['verdicts'];
}

export const EXAMPLE_REVIEW: ReviewBody = {
  reviewId: '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e',
  operationId: '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e',
  status: 'open',
  keyIds: ['fw-prod'],
  reason: 'Pumps in the field stop; the fix must go out tonight',
  requestedBy: { issuer: 'https://idp.example', subject: 'orderer1', name: 'Olga Orderer', claims: {} },
  openedAt: '2026-11-20T23:10:00.000Z',
  dueAt: '2026-11-21T23:10:00.000Z',
  verdicts: [],
};
