import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import type { Page } from '#eventing/page.js';
import { OPEN_REVIEWS } from '../ports/open-reviews.port.js';
import type { OpenReviews } from '../ports/open-reviews.port.js';
import type { ReviewView } from '../review-view.js';
import { ListReviewsQuery } from './list-reviews.query.js';

@QueryHandler(ListReviewsQuery)
export class ListReviewsHandler implements IQueryHandler<ListReviewsQuery> {
  constructor(@Inject(OPEN_REVIEWS) private readonly reviews: OpenReviews) {}

  execute({ page }: ListReviewsQuery): Promise<Page<ReviewView>> {
    return this.reviews.list(page);
  }
}
