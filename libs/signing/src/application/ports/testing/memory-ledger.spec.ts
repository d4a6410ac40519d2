import { ledgerContract } from './ledger-contract.js';
import { MemoryLedger, newLedgerMemory } from './memory-ledger.js';

ledgerContract('memory', () => {
  const memory = newLedgerMemory();
  let now = 0;
  const open = (): MemoryLedger => new MemoryLedger(memory, () => now);
  return Promise.resolve({
    ledger: open(),
    reopen: () => Promise.resolve(open()),
    advance: (ms) => Promise.resolve(void (now += ms)),
    end: () => Promise.resolve(),
  });
});
