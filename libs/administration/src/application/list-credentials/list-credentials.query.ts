import { Query } from '@nestjs/cqrs';
import type { Actor } from '#kernel/actor.js';
import type { Principal } from '#identity/contract.js';
import type { CredentialView } from '../credential-view.js';

/** Oldest first. @param owner null: everybody's that were confirmed, of who may see only his own these @throws DomainError ROLE_REQUIRED */
export class ListCredentialsQuery extends Query<readonly CredentialView[]> {
  constructor(readonly caller: Principal, readonly owner: Actor | null) {
    super();
  }
}
