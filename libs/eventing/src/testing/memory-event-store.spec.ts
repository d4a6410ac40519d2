import { eventStoreContract } from './event-store-contract.js';
import { MemoryEventStore } from './memory-event-store.js';

eventStoreContract('memory', () => Promise.resolve({ store: new MemoryEventStore(), close: () => Promise.resolve() }));
