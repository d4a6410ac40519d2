import type { Page, PageRequest } from '#eventing/page.js';
import { decodeCursor, encodeCursor, INSTANT_FORM, POSITION_FORM } from '#platform/read-model/cursor.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { literal, sql } from '#platform/read-model/sql.js';
import type { OpenReviews } from '../../application/ports/open-reviews.port.js';
import { viewReview } from '../../application/review-view.js';
import type { ReviewView } from '../../application/review-view.js';
import { stateOf } from './stored-operation.js';

const CURSOR = 'reviews';
type ReviewRow = { readonly dueAt: string; readonly position: string; readonly progress: string; readonly request: string };

export class SqlOpenReviews implements OpenReviews {
  constructor(private readonly database: ReadModelDatabase) {}

  async list(page: PageRequest): Promise<Page<ReviewView>> {
    const [dueAt, position] = page.cursor === null ? [] : decodeCursor(page.cursor, CURSOR, INSTANT_FORM, POSITION_FORM);
    const after = dueAt === undefined || position === undefined ? literal('') : sql`AND (o.review_due_at, o.requested_position) > (${dueAt}, ${BigInt(position)})`;
    const rows = await this.database.query<ReviewRow>(sql`
      SELECT o.review_due_at AS "dueAt", CAST(o.requested_position AS TEXT) AS position, o.progress AS progress, r.request AS request
      FROM operation o JOIN operation_request r ON r.requested_position = o.requested_position
      WHERE o.review_due_at IS NOT NULL ${after} ORDER BY o.review_due_at, o.requested_position LIMIT ${page.limit + 1}`);
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    const items = shown.flatMap((row) => viewReview(stateOf(row)) ?? []);
    return { items, ...(rows.length > page.limit && last !== undefined ? { nextCursor: encodeCursor(CURSOR, last.dueAt, last.position) } : {}) };
  }
}
