import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { EVENT_STORE } from '#eventing/event-store.port.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import type { Page } from '#eventing/page.js';
import { invalid } from '#kernel/domain-error.js';
import { actorsOf, keyIdsOf, typeOf } from '../event-facts.js';
import { TRAIL_INDEX } from '../ports/trail-index.port.js';
import type { TrailIndex } from '../ports/trail-index.port.js';
import { readTrail } from '../read-trail.js';
import type { TrailItem } from '../trail-item.js';
import { AuditTrailQuery } from './audit-trail.query.js';
import type { AuditFilter } from './audit-trail.query.js';

@QueryHandler(AuditTrailQuery)
export class AuditTrailHandler implements IQueryHandler<AuditTrailQuery> {
  constructor(
    @Inject(TRAIL_INDEX) private readonly index: TrailIndex,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async execute({ filter, page }: AuditTrailQuery): Promise<Page<TrailItem>> {
    const asked = { ...filter, from: utc('from', filter.from), to: utc('to', filter.to) };
    const { events, nextCursor } = await this.index.all(asked, page);
    const items = await readTrail(this.store, events, (event) => meets(event, asked));
    return { items, ...(nextCursor === undefined ? {} : { nextCursor }) };
  }
}

/** Any RFC 3339 time as events carry it, so that texts compare. */
function utc(path: 'from' | 'to', time: string | null): string | null {
  if (time === null) return null;
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw invalid({ path, message: 'must be an RFC 3339 time' });
  return new Date(ms).toISOString();
}

/** The filter once more, over the event itself. */
function meets(event: RecordedEvent, { type, actor, keyId, from, to }: AuditFilter): boolean {
  const { at, actor: by } = event.metadata;
  return (
    (type === null || event.type === type || typeOf(event.type).name === type) &&
    (actor === null || actorsOf(actor).some((a) => a.subject === by.subject && (a.issuer === null || a.issuer === by.issuer))) &&
    (keyId === null || keyIdsOf(event).includes(keyId)) &&
    (from === null || at >= from) &&
    (to === null || at < to)
  );
}
