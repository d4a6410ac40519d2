import type { Page, PageRequest } from '#eventing/page.js';
import type { ReviewView } from '../review-view.js';

/** Reviews of the read model that nobody has closed. */
export interface OpenReviews {
  /** The first due first. @throws DomainError VALIDATION_FAILED (cursor), StoreUnavailableError */
  list(page: PageRequest): Promise<Page<ReviewView>>;
}
/** Injection token of the process's OpenReviews. */
export const OPEN_REVIEWS = Symbol('OpenReviews');
