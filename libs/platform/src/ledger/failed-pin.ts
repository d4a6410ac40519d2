import { scrypt } from 'node:crypto';

/** 32 MiB and some 80 ms a guess. Changing any of them forgets the PINs that failed, so they never change: a new kind gets a new function. */
const COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const;
const HASH_BYTES = 32;

/**
 * What is kept of a PIN that the token refused (rule 15). The PIN stays in the calling thread and is written nowhere.
 * @param salt base64, one a ledger @returns base64
 */
export const failedPinHash = (pin: string, salt: string): Promise<string> =>
  new Promise((resolve, reject) => {
    scrypt(pin, Buffer.from(salt, 'base64'), HASH_BYTES, COST, (error, hash) => (error === null ? resolve(hash.toString('base64')) : reject(error)));
  });
