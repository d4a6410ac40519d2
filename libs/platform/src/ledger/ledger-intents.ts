import type Database from 'better-sqlite3';
import { LedgerIntentExistsError, LedgerRefusedError, type LedgerEntry, type LedgerIntent, type LedgerSigner } from '#signing/contract.js';
import { intentRecord, releaseRecord } from './ledger-chain.js';
import { boundedJson, reliedJson, requireIntent, requireSignatures, requireUses } from './ledger-limits.js';
import type { LedgerMemories } from './ledger-memories.js';

interface IntentRow {
  readonly sign_order_id: string;
  readonly signer: string;
  readonly incarnation: string;
  readonly operation_id: string;
  readonly key_id: string;
  readonly count: number;
  readonly released: number;
  readonly relied: string;
  readonly signatures: string | null;
}
type Signatures = readonly (string | null)[];

const parseSignatures = (row: IntentRow): Signatures | null => (row.signatures === null ? null : (JSON.parse(row.signatures) as Signatures));
const given = (signatures: Signatures | null): number => (signatures ?? []).filter((s) => s !== null).length;

/** Intents, what became of them, and the uses they count. Each method checks all before it writes anything. */
export class LedgerIntents {
  readonly #row;
  readonly #insert;
  readonly #release;
  readonly #sign;
  readonly #spent;
  readonly #spend;
  readonly #giveBack;
  constructor(db: Database.Database, private readonly memories: LedgerMemories) {
    this.#row = db.prepare<[string], IntentRow>('SELECT sign_order_id, signer, incarnation, operation_id, key_id, count, released, relied, signatures FROM intents WHERE sign_order_id = ?');
    this.#insert = db.prepare<[string, string, string, string, string, number, string]>(
      'INSERT INTO intents (sign_order_id, signer, incarnation, operation_id, key_id, count, relied) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#release = db.prepare<[number, string]>('UPDATE intents SET released = ? WHERE sign_order_id = ?');
    this.#sign = db.prepare<[string, string]>('UPDATE intents SET signatures = ? WHERE sign_order_id = ?');
    this.#spent = db.prepare<[string, string], { readonly uses: number }>('SELECT uses FROM spent WHERE operation_id = ? AND key_id = ?');
    this.#spend = db.prepare<[string, string, number]>('INSERT INTO spent (operation_id, key_id, uses) VALUES (?, ?, ?) ON CONFLICT (operation_id, key_id) DO UPDATE SET uses = uses + excluded.uses');
    this.#giveBack = db.prepare<[number, string, string]>('UPDATE spent SET uses = uses - ? WHERE operation_id = ? AND key_id = ?');
  }

  /** @param atMost what the approved statement grants of this key */
  intend(signer: LedgerSigner, intent: LedgerIntent, atMost: number): void {
    requireIntent(intent, atMost);
    const relied = reliedJson(intent);
    if (this.#row.get(intent.signOrderId) !== undefined) throw new LedgerIntentExistsError(`order ${intent.signOrderId} has an intent`);
    const spent = this.spent(intent.operationId, intent.keyId);
    if (spent + intent.count > atMost) throw new LedgerRefusedError('OVER_GRANT', `${spent} uses of ${intent.keyId} are spent of ${atMost} granted: ${intent.count} more are too many`);
    this.memories.requireConsistent(intent.relied);
    this.#insert.run(intent.signOrderId, signer.name, signer.incarnation, intent.operationId, intent.keyId, intent.count, relied);
    this.#spend.run(intent.operationId, intent.keyId, intent.count);
    this.memories.remember(intent.relied, this.memories.record(intentRecord(signer, intent, relied), 1));
  }

  release(signOrderId: string, count: number): void {
    requireUses(count);
    const row = this.#row.get(signOrderId);
    if (row === undefined || row.released === count) return;
    if (row.released > 0) throw new LedgerRefusedError('CONTRADICTS', `${row.released} uses of order ${signOrderId} were released before`);
    if (count > row.count - given(parseSignatures(row))) throw new LedgerRefusedError('CONTRADICTS', `order ${signOrderId} has fewer uses to release`);
    this.#release.run(count, signOrderId);
    this.#giveBack.run(count, row.operation_id, row.key_id);
    this.memories.record(releaseRecord(signOrderId, count), 0);
  }

  signatures(signOrderId: string, signatures: Signatures): void {
    requireSignatures(signatures);
    const row = this.#row.get(signOrderId);
    if (row === undefined) throw new LedgerRefusedError('INTENT_UNKNOWN', `order ${signOrderId} has no intent`);
    if (signatures.length > row.count || given(signatures) > row.count - row.released) throw new LedgerRefusedError('CONTRADICTS', `order ${signOrderId} has more signatures than uses`);
    const kept = parseSignatures(row);
    if (kept?.some((old, i) => old !== null && signatures[i] !== old) === true) throw new LedgerRefusedError('CONTRADICTS', `order ${signOrderId} has other signatures`);
    const json = boundedJson(signatures);
    if (json !== row.signatures) this.#sign.run(json, signOrderId);
  }

  entry(signOrderId: string): LedgerEntry | undefined {
    const row = this.#row.get(signOrderId);
    if (row === undefined) return undefined;
    return {
      signOrderId: row.sign_order_id, operationId: row.operation_id, keyId: row.key_id, count: row.count, relied: JSON.parse(row.relied) as LedgerIntent['relied'],
      signer: row.signer, incarnation: row.incarnation, released: row.released, signatures: parseSignatures(row),
    };
  }

  spent(operationId: string, keyId: string): number {
    return this.#spent.get(operationId, keyId)?.uses ?? 0;
  }
}
