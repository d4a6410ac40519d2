import { Query } from '@nestjs/cqrs';
import type { Page, PageRequest } from '#eventing/page.js';
import type { ReviewView } from '../review-view.js';

/** What awaits review, the first due first; also what is overdue. @throws DomainError VALIDATION_FAILED (cursor) */
export class ListReviewsQuery extends Query<Page<ReviewView>> {
  constructor(readonly page: PageRequest) {
    super();
  }
}
