import type Database from 'better-sqlite3';
import type { LedgerCheckpoint } from '#signing/contract.js';
import type { LedgerCalls } from './ledger-calls.js';
import { LedgerIntents } from './ledger-intents.js';
import { MAX_FAILED_PINS, requireAcceptance, requireIds, requireLimit, requireNote } from './ledger-limits.js';
import { LedgerMemories } from './ledger-memories.js';
import { LedgerNames, type LedgerPulse } from './ledger-names.js';

interface CheckpointRow {
  readonly store_id: string;
  readonly position: string;
  readonly event_id: string;
}

/** The ledger's calls over an open file, inside whatever transaction is open. A typed refusal has written nothing. */
export function ledgerRecords(db: Database.Database, pulse: LedgerPulse): LedgerCalls {
  const names = new LedgerNames(db, pulse);
  const memories = new LedgerMemories(db);
  const intents = new LedgerIntents(db, memories);
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
    intend: (signer, intent, { atMost }) => {
      names.requireHeld(signer);
      intents.intend(signer, intent, atMost);
    },
    release: (signOrderId, count) => intents.release(signOrderId, count),
    signatures: (signOrderId, signatures) => intents.signatures(signOrderId, signatures),
    entry: (signOrderId) => intents.entry(signOrderId),
    spent: (operationId, keyId) => intents.spent(operationId, keyId),
    remembered: (stream) => memories.remembered(stream),
    newestRemembered: (limit) => {
      requireLimit(limit);
      return memories.newest(limit);
    },
    head: () => memories.head(),
    acceptStore: (acceptance) => {
      requireAcceptance(acceptance);
      memories.acceptStore(acceptance);
    },
    acceptance: () => memories.acceptance(),
    noteOnce: (topic, key, value) => {
      requireNote(topic, key, value);
      return memories.noteOnce(topic, key, value);
    },
    note: (topic, key) => memories.note(topic, key),
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
