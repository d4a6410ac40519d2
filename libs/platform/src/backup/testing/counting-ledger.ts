import { writeSync } from 'node:fs';
import { openFileLedger } from '../../ledger/file-ledger.js';

/** For tests: a signer that counts one use after the other in the ledger of the folder `argv[2]`, and writes a line when it begins. */
const [, , dir = ''] = process.argv;
const self = { name: 'signer-1', incarnation: 'incarnation-1' };
const ledger = await openFileLedger({ dir });
await ledger.claimName(self);
writeSync(1, 'counting\n');
const relied = [{ stream: 'operation-op', revision: 3, hash: 'a'.repeat(64) }];
for (let n = 0; ; n += 1) await ledger.intend(self, { signOrderId: `order-${n}`, operationId: 'op', keyId: 'key', count: 2, relied }, { atMost: Number.MAX_SAFE_INTEGER });
