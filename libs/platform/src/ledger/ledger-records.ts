import type Database from 'better-sqlite3';
import { LedgerRefusedError, type LedgerCheckpoint } from '#signing/contract.js';
import type { LedgerCalls } from './ledger-calls.js';
import { LedgerIntents } from './ledger-intents.js';
import { LedgerNames, type LedgerPulse } from './ledger-names.js';

/** The newest ones are kept: a PIN that failed is refused until so many others have failed. */
export const MAX_FAILED_PINS = 64;
const MAX_ID_CHARACTERS = 256;

interface CheckpointRow {
  readonly store_id: string;
  readonly position: string;
  readonly event_id: string;
}

const requireIds = (...ids: readonly string[]): void => {
  if (ids.some((id) => id === '' || id.length > MAX_ID_CHARACTERS)) throw new LedgerRefusedError('INVALID', `a name or id has 1 to ${MAX_ID_CHARACTERS} characters`);
};

/** The ledger's calls over an open file, inside whatever transaction is open. A typed refusal has written nothing. */
export function ledgerRecords(db: Database.Database, pulse: LedgerPulse): LedgerCalls {
  const names = new LedgerNames(db, pulse);
  const intents = new LedgerIntents(db);
  const checkpoint = db.prepare<[string], CheckpointRow>('SELECT store_id, position, event_id FROM checkpoints WHERE name = ?');
  const saveCheckpoint = db.prepare<[string, string, string, string]>(
    `INSERT INTO checkpoints (name, store_id, position, event_id) VALUES (?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET store_id = excluded.store_id, position = excluded.position, event_id = excluded.event_id`,
  );
  const failedPin = db.prepare<[string], { readonly number: number }>('SELECT number FROM failed_pins WHERE hash = ?');
  const addFailedPin = db.prepare<[string]>('INSERT INTO failed_pins (hash) VALUES (?) ON CONFLICT (hash) DO NOTHING');
  const dropFailedPins = db.prepare<[number]>('DELETE FROM failed_pins WHERE number NOT IN (SELECT number FROM failed_pins ORDER BY number DESC LIMIT ?)');
  return {
    claimName: (signer, at) => {
      requireIds(signer.name, signer.incarnation);
      names.claim(signer, at);
    },
    releaseName: (signer) => names.release(signer),
    heartbeat: (signer, at) => names.beat(signer, at),
    heartbeats: (at) => names.heard(at),
    intend: (signer, intent) => {
      requireIds(intent.signOrderId, intent.operationId, intent.keyId);
      names.requireHeld(signer);
      intents.intend(signer, intent);
    },
    release: (signOrderId, count) => intents.release(signOrderId, count),
    signatures: (signOrderId, signatures) => intents.signatures(signOrderId, signatures),
    entry: (signOrderId) => intents.entry(signOrderId),
    spent: (operationId, keyId) => intents.spent(operationId, keyId),
    checkpoint: (name): LedgerCheckpoint | undefined => {
      const row = checkpoint.get(name);
      return row === undefined ? undefined : { storeId: row.store_id, position: row.position, eventId: row.event_id };
    },
    saveCheckpoint: (name, { storeId, position, eventId }) => {
      requireIds(name, storeId, position, eventId);
      saveCheckpoint.run(name, storeId, position, eventId);
    },
    isFailedPinHash: (hash) => failedPin.get(hash) !== undefined,
    rememberFailedPinHash: (hash) => {
      addFailedPin.run(hash);
      dropFailedPins.run(MAX_FAILED_PINS);
    },
  };
}
