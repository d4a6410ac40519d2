import { DEPLOYMENT } from '#administration/application/testing/chain-world.js';
import { StreamStates } from '#eventing/stream-states.js';
import { CredentialProofVerifier } from '#identity/adapters/proofs/credential-proof-verifier.js';
import { VerifiedProofs } from '#identity/adapters/proofs/verified-proofs.js';
import { keyKind, keyStream } from '#keys/contract.js';
import { operationStream } from '#operations/contract.js';
import { evidenceKind } from '#signing/application/gate/evidence.js';
import type { Gate } from '#signing/application/gate/gate.js';
import { openGate } from '#signing/application/gate/open-gate.js';
import { openOrder } from '#signing/application/sign/open-order.js';
import { account, GateWorld, SigningPerson } from '../gate/gate-world.js';
import { atMost, figure } from './bench-report.js';
import type { Row } from './bench-report.js';

const COLD_ROUNDS = 200;
/** A signer’s code is warm. */
const CACHED_ROUNDS = 20_000;
/** What the first order of an operation with five approvals may cost more for its proofs, and what the second to the last. */
const COLD_AIM_MS = 2;
const CACHED_AIM_MS = 0.1;

/** What the signer's gate takes for one order of an operation with so many signed approvals: with nothing of them known, and with the proofs verified before. */
export async function quorumTimes(counts: readonly number[] = [2, 5, 10]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const count of counts) {
    const { cold, cached } = await quorumTime(count);
    const first = `the gate, ${count} ES256 approvals, proofs not yet verified`;
    rows.push(count === 5 ? atMost(first, cold, 'ms', COLD_AIM_MS) : figure(first, cold, 'ms'), atMost(`the gate, ${count} ES256 approvals, verified before`, cached, 'ms', CACHED_AIM_MS));
  }
  return rows;
}

async function quorumTime(count: number): Promise<{ readonly cold: number; readonly cached: number }> {
  const people = Array.from({ length: count }, (_, i) => new SigningPerson(account(`person-${i}`), undefined, 'ES256'));
  const world = new GateWorld({
    policy: { tree: { type: 'approvers', count, group: 'signers' }, requiredProof: 'signature' },
    genesis: { rosters: [{ group: 'signers', members: people.map((p) => p.actor) }] },
  });
  for (const person of people) world.chain.byOperation(person, 'POST', '/v1/credentials', person.enrolment, world.chain.admins.slice(0, 2));
  await world.writePlane();
  await world.saga.registerKey();
  await world.bindPair();
  const request = world.request();
  await world.write(operationStream(request.operationId), world.stored(request, people.map((p) => world.approval(p, request, {}, ['signers']))));
  const { store, ledger, clock, trusted } = world.saga;
  const gateOf = (): Promise<Gate> =>
    openGate({
      store, ledger, clock, trusted, verifier: new VerifiedProofs(new CredentialProofVerifier()), deployment: DEPLOYMENT, genesis: world.chain.digest, relying: { rpId: 'x', origin: 'https://x' }, log: () => undefined,
    });
  const [reserved] = await store.readStream(operationStream(request.operationId), { limit: 1, direction: 'backward' });
  if (reserved === undefined) throw new Error('no order');
  const order = openOrder(reserved);
  const key = (await new StreamStates(store, keyKind, { capacity: 10 }).load(keyStream('k'))).state;
  const evidence = (await new StreamStates(store, evidenceKind, { capacity: 10 }).load(operationStream(request.operationId))).state;
  const judged = async (gate: Gate, of: typeof evidence): Promise<void> => {
    const verdict = await gate.judge(order, order.digests, of, key, trusted.now());
    if (!('holds' in verdict) || !verdict.holds) throw new Error('the quorum does not hold');
  };
  let cold = 0;
  for (let i = 0; i < COLD_ROUNDS; i += 1) {
    const gate = await gateOf();
    await gate.deps.plane.current();
    const fresh = structuredClone(evidence);
    const began = performance.now();
    await judged(gate, fresh);
    cold += performance.now() - began;
  }
  const gate = await gateOf();
  await judged(gate, evidence);
  const began = performance.now();
  for (let i = 0; i < CACHED_ROUNDS; i += 1) await judged(gate, evidence);
  return { cold: cold / COLD_ROUNDS, cached: (performance.now() - began) / CACHED_ROUNDS };
}
