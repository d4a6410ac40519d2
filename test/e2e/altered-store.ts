import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { commandIdOf } from '#eventing/command-id.js';
import { derivedId } from '#eventing/ids.js';
import { orderStatement } from '#identity/contract.js';
import type { OperationView } from '#operations/application/operation-view.js';
import type { GrantedKey } from '#operations/contract.js';
import { digest } from '#test/system/steps.js';
import type { Signatory } from './approver.js';

interface Row {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
}
type Data = Readonly<Record<string, unknown>>;

export const operationStream = ({ operationId }: Pick<OperationView, 'operationId'>): string => `operation-${operationId}`;

/** The file of a service that does not run, in the hands of somebody who may write it. */
export class AlteredStore {
  private readonly db: Database.Database;

  constructor(dataDir: string) {
    this.db = new Database(join(dataDir, 'events', 'events.db'), { fileMustExist: true });
  }
  close = (): void => void this.db.close();

  stream = (stream: string): readonly Row[] => this.db.prepare<[string], Row>('SELECT * FROM event WHERE stream = ? ORDER BY revision').all(stream);
  streams = (prefix: string): readonly string[] => this.db.prepare<[string], string>('SELECT DISTINCT stream FROM event WHERE stream GLOB ?').pluck().all(`${prefix}*`);

  /** What comes behind it moves up, as if it had never been there. */
  drop(stream: string, type: string): void {
    const row = this.last(stream, type);
    this.db.prepare('DELETE FROM event WHERE position = ?').run(row.position);
    for (const { position, revision } of this.stream(stream)) if (revision > row.revision) this.db.prepare('UPDATE event SET revision = ? WHERE position = ?').run(revision - 1, position);
  }
  edit(stream: string, type: string, change: (data: Data) => Data): void {
    const row = this.last(stream, type);
    this.db.prepare('UPDATE event SET data = ? WHERE position = ?').run(JSON.stringify(change(JSON.parse(row.data) as Data)), row.position);
  }
  /** At the end of its stream, and of all. */
  append(stream: string, type: string, data: object): void {
    const [template] = this.stream(stream).slice(-1);
    if (template === undefined) throw new Error(`${stream} has no event`);
    const end = this.db.prepare<[], number>('SELECT max(position) FROM event').pluck().get() ?? 0;
    this.db.prepare('INSERT INTO event (position, stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?)').run(end + 1, stream, template.revision + 1, randomUUID(), type, JSON.stringify(data), template.metadata);
  }

  /** An order with its orderer's own signature, as the api would write it. @returns its id */
  order(by: Signatory, operation: OperationView, keyId: string): string {
    const stream = operationStream(operation);
    const request = JSON.parse(this.stream(stream)[0]?.data ?? '{}') as { readonly requestedBy: { readonly issuer: string; readonly subject: string }; readonly requestedAt: string; readonly keyUsages: readonly GrantedKey[] };
    const usage = request.keyUsages.find((one) => one.keyId === keyId);
    if (usage === undefined) throw new Error(`${stream} does not cover ${keyId}`);
    const { operationId, requestDigest } = operation;
    const [idempotencyKey, digests] = [randomUUID(), [digest()]];
    const { issuer, subject } = request.requestedBy;
    const signOrderId = derivedId('sign-order', commandIdOf({ issuer, subject, method: 'POST', path: `/v1/operations/${operationId}/sign-orders`, key: idempotencyKey }));
    const jws = by.signs(orderStatement({ operationId, requestDigest, idempotencyKey, keyId, digests }));
    this.append(stream, 'operations.uses-reserved.v1', {
      operationId, signOrderId, requestedAt: new Date().toISOString(), keyId, algorithm: usage.algorithm, publicKeySha256: usage.publicKeySha256, count: 1, input: { digests }, format: 'der', bodyDigest: 'b', proof: { jws, idempotencyKey },
    });
    return signOrderId;
  }

  private last(stream: string, type: string): Row {
    const found = this.stream(stream).findLast((row) => row.type === type);
    if (found === undefined) throw new Error(`${stream} has no ${type}`);
    return found;
  }
}
