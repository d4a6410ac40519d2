import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import type { Page } from '#eventing/page.js';
import type { KeyView } from '../key-view.js';
import { KEY_LIST } from '../ports/key-list.port.js';
import type { KeyList } from '../ports/key-list.port.js';
import { ListKeysQuery } from './list-keys.query.js';

@QueryHandler(ListKeysQuery)
export class ListKeysHandler implements IQueryHandler<ListKeysQuery> {
  constructor(@Inject(KEY_LIST) private readonly keys: KeyList) {}

  execute({ page }: ListKeysQuery): Promise<Page<KeyView>> {
    return this.keys.list(page);
  }
}
