import { Query } from '@nestjs/cqrs';
import type { Page, PageRequest } from '#eventing/page.js';
import type { KeyView } from '../key-view.js';

/** By keyId. @throws DomainError VALIDATION_FAILED (cursor) */
export class ListKeysQuery extends Query<Page<KeyView>> {
  constructor(readonly page: PageRequest) {
    super();
  }
}
