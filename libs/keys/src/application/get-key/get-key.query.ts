import { Query } from '@nestjs/cqrs';
import type { KeyView } from '../key-view.js';

/** @throws DomainError KEY_NOT_FOUND */
export class GetKeyQuery extends Query<KeyView> {
  constructor(readonly keyId: string) {
    super();
  }
}
