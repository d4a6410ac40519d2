import type { Page, PageRequest } from '#eventing/page.js';
import { decodeCursor, encodeCursor, NAME_FORM } from '#platform/read-model/cursor.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { literal, sql } from '#platform/read-model/sql.js';
import { keyKind } from '../../application/key-kind.js';
import type { KeyView } from '../../application/key-view.js';
import type { KeyList } from '../../application/ports/key-list.port.js';
import type { PublicKeyPem } from '../../application/ports/public-key-pem.port.js';
import { viewKey } from '../../application/view-key.js';

const CURSOR = 'keys';

export class SqlKeyList implements KeyList {
  constructor(private readonly database: ReadModelDatabase, private readonly pem: PublicKeyPem) {}

  async list(page: PageRequest): Promise<Page<KeyView>> {
    const [after] = page.cursor === null ? [] : decodeCursor(page.cursor, CURSOR, NAME_FORM);
    const rows = await this.database.query<{ readonly keyId: string; readonly revision: number | string; readonly state: string }>(sql`
      SELECT key_id AS "keyId", revision AS revision, state AS state FROM signing_key
      WHERE status IN ('creating', 'enabled', 'disabled') ${after === undefined ? literal('') : sql`AND key_id > ${after}`}
      ORDER BY key_id LIMIT ${page.limit + 1}`);
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    const items = shown.flatMap((row) => viewKey(keyKind.fromJson(JSON.parse(row.state) as never), Number(row.revision), this.pem) ?? []);
    return { items, ...(rows.length > page.limit && last !== undefined ? { nextCursor: encodeCursor(CURSOR, last.keyId) } : {}) };
  }
}
