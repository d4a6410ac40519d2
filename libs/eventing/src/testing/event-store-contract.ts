import { appendContract } from './append-contract.js';
import { appendModelContract } from './append-model-contract.js';
import { readContract } from './read-contract.js';
import type { OpenStore } from './opened-store.js';
import { subscriptionContract } from './subscription-contract.js';

/**
 * What every EventStore must do, by EventStoreDB's rules: declares a `describe` for Jest.
 * @param open a store without events of ours, for each test; the suite uses streams with random names, so a server may be shared
 * Says on which stores it ran.
 */
export const eventStoreContract = (name: string, open: OpenStore): void => {
  describe(`event store contract: ${name}`, () => {
    describe('append', () => appendContract(open));
    describe('append against the model', () => appendModelContract(open));
    describe('read', () => readContract(open));
    describe('subscribe', () => subscriptionContract(open));
    afterAll(() => say(`ran on: ${name}`));
  });
};

/** Says that the suite was left out on a store, and why. */
export const notRunOn = (name: string, reason: string): void => {
  afterAll(() => say(`did not run on: ${name} (${reason})`));
};

/** Past the console of the test runner, which puts a trace to each line. */
const say = (what: string): void => void process.stderr.write(`event store contract ${what}\n`);
