import { createHash } from 'node:crypto';
import type { LedgerIntent, LedgerSigner, StoreAcceptance } from '#signing/contract.js';

/** How many records there were, and a hash over all of them. */
export interface ChainHead {
  readonly sequence: number;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** Before the first record; no two ledgers have it in common. */
export const chainBeginning = (ledgerId: string): ChainHead => ({ sequence: 0, hash: sha256(ledgerId) });

/** @param record one of the texts below @returns the head with it; PostgreSQL does the same, in `ledger_chain` */
export const chained = ({ sequence, hash }: ChainHead, record: string): ChainHead => ({ sequence: sequence + 1, hash: sha256(`${hash}\n${record}`) });

/** What people are shown, and what administrators name. */
export const headText = ({ sequence, hash }: ChainHead): string => `${sequence}-${hash.slice(0, 16)}`;

export const intentRecord = (signer: LedgerSigner, intent: LedgerIntent, relied: string): string =>
  JSON.stringify(['intend', signer.name, signer.incarnation, intent.signOrderId, intent.operationId, intent.keyId, intent.count, relied]);
export const releaseRecord = (signOrderId: string, count: number): string => JSON.stringify(['release', signOrderId, count]);
export const acceptanceRecord = ({ storeId, head, by, eventId }: StoreAcceptance): string =>
  JSON.stringify(['accept-store', storeId, head, by.map(({ issuer, subject }) => [issuer, subject]), eventId]);
export const noteRecord = (topic: string, key: string, value: string): string => JSON.stringify(['note', topic, key, value]);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
