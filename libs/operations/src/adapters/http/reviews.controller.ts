import { Controller } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Page } from '#eventing/page.js';
import type { Principal } from '#identity/contract.js';
import { bodyOf } from '#platform/http/endpoint/endpoint-facts.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { OneOfField, TextField } from '#platform/http/fields/text.field.js';
import { PageQuery, pageOf, pageSchema } from '#platform/http/page.dto.js';
import { Caller, Filter, Input, Meta } from '#platform/http/parameters/caller.decorator.js';
import { ReviewId } from '#platform/http/parameters/path.decorator.js';
import { Named, ref } from '#platform/http/schema/json-schema.js';
import { ListReviewsQuery } from '../../application/list-reviews/list-reviews.query.js';
import { ReviewOperationCommand } from '../../application/review-operation/review-operation.command.js';
import { EXAMPLE_REVIEW, ReviewBody } from './review.schema.js';

@Named('ReviewRequest')
export class ReviewDto {
  @OneOfField(['justified', 'not-justified']) readonly verdict: 'justified' | 'not-justified';
  @TextField(1, 2000) readonly comment: string;
}

@Controller()
export class ReviewsController {
  constructor(private readonly commands: CommandBus, private readonly queries: QueryBus) {}

  @Endpoint({
    id: 'listReviews', method: 'GET', path: '/v1/reviews', tag: 'Approvals', summary: 'List what awaits review', access: 'any-role', query: PageQuery,
    description: 'Uses by emergency paths that nobody has reviewed yet, the first due first. What is not reviewed in time disables its keys.',
    answers: [{ status: 200, description: 'A page of reviews', schema: pageSchema(ReviewBody), examples: { page: { items: [EXAMPLE_REVIEW] } } }],
  })
  list(@Filter() query: PageQuery): Promise<Page<ReviewBody>> {
    return this.queries.execute(new ListReviewsQuery(pageOf(query)));
  }

  @Endpoint({
    id: 'reviewEmergency', method: 'POST', path: '/v1/reviews/:reviewId', tag: 'Approvals', summary: 'Say what one finds of an emergency', access: 'any-role',
    description: 'Whom the policy names as a reviewer, and who neither asked for it nor approved it.',
    body: bodyOf(ReviewDto, { justified: { verdict: 'justified', comment: 'The incident report names the fix' } }),
    answers: [{ status: 201, description: 'The review', schema: ref(ReviewBody), examples: { justified: { ...EXAMPLE_REVIEW, status: 'justified' } } }],
    problems: ['OPERATION_NOT_FOUND', 'NOT_FOUND', 'SELF_APPROVAL', 'NOT_ELIGIBLE', 'ALREADY_DECIDED'],
  })
  review(@Meta() meta: CommandMeta, @Caller() caller: Principal, @ReviewId() reviewId: string, @Input() body: ReviewDto): Promise<ReviewBody> {
    return this.commands.execute(new ReviewOperationCommand(meta, caller, reviewId, body.verdict, body.comment));
  }
}
