import { Query } from '@nestjs/cqrs';
import type { Page, PageRequest } from '#eventing/page.js';
import type { TrailItem } from '../trail-item.js';

export interface AuditFilter {
  readonly type: string | null;
  /** A subject, or `issuer#subject`. */
  readonly actor: string | null;
  readonly keyId: string | null;
  /** RFC 3339, inclusive. */
  readonly from: string | null;
  /** RFC 3339, exclusive. */
  readonly to: string | null;
}

/** Events of everything, newest first. @throws DomainError VALIDATION_FAILED (cursor) */
export class AuditTrailQuery extends Query<Page<TrailItem>> {
  constructor(readonly filter: AuditFilter, readonly page: PageRequest) {
    super();
  }
}
