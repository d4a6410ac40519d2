import type { Page, PageRequest } from '#eventing/page.js';
import type { KeyView } from '../key-view.js';

/** The keys of the read model. */
export interface KeyList {
  /** By keyId; a key whose registration failed is not in it. @throws DomainError VALIDATION_FAILED (cursor) */
  list(page: PageRequest): Promise<Page<KeyView>>;
}
/** Injection token of the process's KeyList. */
export const KEY_LIST = Symbol('KeyList');
