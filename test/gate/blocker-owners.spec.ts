import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { statementDigest } from '#identity/contract.js';
import { packageRoot } from '#platform/worker-entry.js';
import { blocker, BLOCKER_CODES } from '#signing/domain/sign-order/blocker.js';
import { GateWorld, SigningPerson } from './gate-world.js';
import type { GateWorldOptions, Request } from './gate-world.js';

type Stored = { readonly type: string; readonly data: unknown };
interface Situation {
  readonly what: string;
  /** The one that tells it: another may stand beside it. */
  readonly blocker: string;
  readonly options?: GateWorldOptions;
  readonly before?: (w: GateWorld) => void;
  readonly write?: (w: GateWorld, r: Request) => readonly Stored[];
}

const good = (w: GateWorld, r: Request): readonly Stored[] => w.stored(r, [w.approval(w.eve, r), w.approval(w.fay, r)]);
const change = (event: Stored, more: object): Stored => ({ ...event, data: { ...(event.data as object), ...more } });
const ofChain = (w: GateWorld, method: string, path: string, body: object): void => void w.chain.byOperation(w.chain.admin(0), method, path, body, w.chain.admins.slice(1, 3));
const SIGNED = { tree: { type: 'approvers', count: 2, group: 'fw' }, requiredProof: 'signature' };

/** Everything that the gate halts an order for, and who can clear it. */
const SITUATIONS: readonly Situation[] = [
  { what: 'nobody approved', blocker: 'QUORUM_NOT_MET approvers', write: (w, r) => w.stored(r, []) },
  { what: 'an approval is by another key', blocker: 'PROOF_INVALID approvers', write: (w, r) => w.stored(r, [w.approval(w.eve, r), w.approval(new SigningPerson(w.fay.actor), r)]) },
  { what: 'the order is not signed', blocker: 'PROOF_INVALID orderer', write: (w, r) => [...good(w, r).slice(0, -1), change(w.order(r), { proof: undefined })] },
  { what: 'the order is signed by somebody else', blocker: 'PROOF_INVALID orderer', write: (w, r) => [...good(w, r).slice(0, -1), w.order(r, {}, w.zoe)] },
  { what: 'the credential of an approver is revoked', blocker: 'CREDENTIAL_NOT_ACTIVE approvers', before: (w) => void w.chain.act(w.chain.admin(0), 'POST', `/v1/credentials/${w.fay.credentialId}/revoke`, { reason: 'lost' }) },
  { what: 'the credential of the orderer is revoked', blocker: 'CREDENTIAL_NOT_ACTIVE orderer', before: (w) => void w.chain.act(w.chain.admin(0), 'POST', `/v1/credentials/${w.oli.credentialId}/revoke`, { reason: 'lost' }) },
  { what: 'an approver is not in the group', blocker: 'NOT_ELIGIBLE approvers', before: (w) => ofChain(w, 'PUT', '/v1/roster/fw', { members: [w.eve.actor, w.gil.actor] }) },
  {
    what: 'the orderer is suspended',
    blocker: 'NOT_ELIGIBLE administrators',
    before: (w) => {
      ofChain(w, 'PUT', '/v1/people/oli', { accounts: [w.oli.actor] });
      w.chain.act(w.chain.admin(0), 'PUT', '/v1/people/oli', { status: 'suspended' });
    },
  },
  { what: 'the request is not what its statement says', blocker: 'POLICY_TAMPERED operator', write: (w, r) => good(w, { ...r, description: 'another' }) },
  { what: 'the genesis is not the pinned one', blocker: 'CONTROL_PLANE_BROKEN operator', before: (w) => void (w.saga.genesis = 'ab'.repeat(32)) },
  {
    what: 'the control plane permits no such key',
    blocker: 'CONTROL_PLANE_BROKEN administrators',
    options: { genesis: { keys: [{ keyId: 'evidence', purpose: 'evidence', algorithm: 'ES256', approvalPolicy: { type: 'none' } }] } },
    write: (w, r) => w.stored(w.stated({ ...r, keyUsages: r.keyUsages.map((one) => ({ ...one, policy: { type: 'none' } })) }), []),
  },
  { what: 'it is not yet time, or not any more', blocker: 'WINDOW_CLOSED orderer', options: { policy: { ...SIGNED, allowedHours: { timeZone: 'UTC', days: ['mon'], from: '08:00', to: '12:00' } } } },
  { what: 'no session is open for a root key', blocker: 'WINDOW_CLOSED administrators', options: { purpose: 'root' } },
  { what: 'the key is disabled', blocker: 'KEY_DISABLED administrators', before: (w) => void w.chain.act(w.chain.admin(0), 'POST', '/v1/keys/k/disable', { reason: 'x' }) },
  { what: 'the digests are not the bound ones', blocker: 'BINDING_MISMATCH orderer', write: (w, r) => good(w, w.stated({ ...r, binding: { digests: [statementDigest('bound')] } })) },
  { what: 'the pair is not that of the key', blocker: 'BINDING_MISMATCH operator', write: (w, r) => [...good(w, r).slice(0, -1), w.order(r, { publicKeySha256: 'ab'.repeat(32) })] },
  { what: 'the operation was revoked', blocker: 'OPERATION_REVOKED orderer', write: (w, r) => good(w, r).toSpliced(-1, 0, { type: 'operations.revoked.v1', data: { by: w.oli.actor, personal: { name: null, reason: 'x' } } }) },
];

describe('who can clear what keeps an order from being signed', () => {
  let world: GateWorld;
  afterEach(() => world.stop());

  it.each(SITUATIONS)('$blocker: $what', async ({ blocker: expected, options = {}, before = () => undefined, write = good }) => {
    world = new GateWorld(options);
    before(world);
    await world.begin(world.planeEvents, options.purpose);
    const request = world.request();
    const { type, data } = await world.signs(request.operationId, write(world, request));
    expect(type).toBe('signing.halted.v1');
    expect((data as { blockers: readonly { code: string; owner: string }[] }).blockers.map(({ code, owner }) => `${code} ${owner}`)).toContain(expected);
    expect(world.hsm.signed).toEqual([]);
  });
});

describe('docs/errors.md', () => {
  const rows = [...readFileSync(join(packageRoot, 'docs/errors.md'), 'utf8').matchAll(/^\| `([A-Z_]+)` \| (`(?:approvers|administrators|orderer|operator)`.*?) \|/gm)].map(([, code = '', owners = '']) => ({ code, owners: [...owners.matchAll(/`([a-z]+)`/g)].map(([, owner = '']) => owner) }));

  it('names for every blocker who clears it as a rule', () => expect(rows.map(({ code, owners }) => [code, owners[0]]).sort()).toEqual(BLOCKER_CODES.map((code) => [code, blocker(code, 'x').owner]).sort()));

  it('names everybody who may have to, and nobody else', () => {
    // These two the ledger alone finds.
    const found = new Set([...SITUATIONS.map((one) => one.blocker), 'STORE_BEHIND operator', 'USAGE_EXHAUSTED orderer']);
    expect(rows.flatMap(({ code, owners }) => owners.map((owner) => `${code} ${owner}`)).sort()).toEqual([...found].sort());
  });
});
