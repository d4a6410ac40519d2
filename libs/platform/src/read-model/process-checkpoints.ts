import type { QueryRunner } from 'typeorm';
import type { Checkpoint } from '#eventing/checkpoint.js';
import type { HeldLease } from '#eventing/lease.port.js';
import type { ReadModelDatabase, Transaction } from './database.js';
import { sql } from './sql.js';
import { ddl, table } from './table.js';
import type { ReadModelPart } from './table.js';

export type ProcessCheckpointRow = { readonly process: string; readonly storeId: string; readonly position: string; readonly eventId: string };
const processCheckpointTable = table<ProcessCheckpointRow>('process_checkpoint', ['process'], { process: 'text', storeId: 'text', position: 'text', eventId: 'text' });

class CreateProcessCheckpoint1760000000002 {
  readonly name = 'CreateProcessCheckpoint1760000000002';
  async up(runner: QueryRunner): Promise<void> {
    const { text } = ddl(runner);
    await runner.query(`CREATE TABLE process_checkpoint (process ${text} PRIMARY KEY, store_id ${text} NOT NULL, position ${text} NOT NULL, event_id ${text} NOT NULL)`);
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE process_checkpoint');
  }
}

export const processCheckpointPart: ReadModelPart = { tables: [processCheckpointTable], migrations: [CreateProcessCheckpoint1760000000002] };

/** Where process managers stand. No read model: a rebuild does not touch it (rule 12). */
export class ProcessCheckpoints {
  constructor(private readonly database: ReadModelDatabase) {}

  /** @param process the name of its subscription @throws StoreUnavailableError */
  async load(process: string): Promise<Checkpoint | undefined> {
    const [row] = await this.database.query<Checkpoint>(sql`SELECT store_id AS "storeId", position, event_id AS "eventId" FROM process_checkpoint WHERE process = ${process}`);
    return row;
  }

  /** @param lease under which it works: not saved once another holds it @throws StoreUnavailableError, LeaseLostError */
  save(process: string, checkpoint: Checkpoint, lease?: HeldLease): Promise<void> {
    return this.database.transaction((tx) => saveProcessCheckpoint(tx, process, checkpoint), { lease });
  }
}

/** For a process manager whose own rows go into the same transaction. */
export const saveProcessCheckpoint = (tx: Transaction, process: string, { storeId, position, eventId }: Checkpoint): Promise<void> =>
  tx.upsert(processCheckpointTable, [{ process, storeId, position, eventId }]);
