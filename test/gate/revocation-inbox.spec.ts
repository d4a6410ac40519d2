import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { DEPLOYMENT } from '#administration/application/testing/chain-world.js';
import { runCommandLine } from '#apps/cli/src/command-line/run-command-line.js';
import { watchInbox } from '#apps/signer/src/revocation-inbox.js';
import { StreamStates } from '#eventing/stream-states.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { evidenceKind } from '#signing/application/gate/evidence.js';
import { openGate } from '#signing/application/gate/open-gate.js';
import { revocationStatement, takeRevocation } from '#signing/application/gate/take-revocation.js';
import { eventually } from '#signing/application/sign/testing/saga-world.js';
import { newKeyPair } from '#test/fixtures/key-pair.js';
import { account, GateWorld, SigningPerson } from './gate-world.js';
import type { Request } from './gate-world.js';

describe('revocations in a signer’s own inbox', () => {
  let world: GateWorld;
  let request: Request;
  let dir: string;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-inbox-'));
    world = new GateWorld();
    await world.begin();
    request = world.request();
    expect((await world.signs(request.operationId, world.stored(request, [world.approval(world.eve, request), world.approval(world.fay, request)]))).type).toBe('signing.completed.v1');
  });
  afterEach(() => {
    world.stop();
    rmSync(dir, { recursive: true });
  });

  const taker = async (): Promise<(jws: string) => Promise<string | undefined>> => {
    const { store, ledger, clock, trusted, verifier } = world.saga;
    const gate = await openGate({ store, ledger, clock, trusted, verifier, deployment: DEPLOYMENT, genesis: world.chain.digest, relying: { rpId: 'x', origin: 'https://x' }, log: () => undefined });
    return (jws) => takeRevocation(jws, { ...gate.deps, operations: new StreamStates(store, evidenceKind, { capacity: 10 }) });
  };
  const signed = (by: SigningPerson, over: { readonly operationId?: string; readonly deployment?: string } = {}): string => by.jws(revocationStatement({ operationId: over.operationId ?? request.operationId, reason: 'stolen' }, over.deployment ?? DEPLOYMENT));

  it.each<[string, (w: GateWorld) => SigningPerson]>([['who asked', (w) => w.oli], ['an administrator', (w) => w.chain.admin(0)], ['whom a policy names', (w) => w.gil]])('rule 25: halt its orders: by %s', async (_who, by) => {
    expect(await (await taker())(signed(by(world)))).toBeUndefined();
    // Another signer's word is heard of within a second.
    world.saga.clock.advance(1_001);
    expect(await world.blocked(request.operationId, [world.order(request)])).toEqual(['OPERATION_REVOKED']);
    expect(world.hsm.signed).toHaveLength(1);
  });

  it('rule 25: halt orders of operations that ask nobody for a proof as well', async () => {
    world.stop();
    world = new GateWorld({ policy: { type: 'none' }, genesis: { minimumProof: 'token' } });
    await world.begin();
    request = world.request();
    expect((await world.signs(request.operationId, world.stored(request, []))).type).toBe('signing.completed.v1');
    expect(await (await taker())(signed(world.oli))).toBeUndefined();
    world.saga.clock.advance(1_001);
    expect(await world.blocked(request.operationId, [world.order(request)])).toEqual(['OPERATION_REVOKED']);
  });

  it.each<[string, (w: GateWorld) => string]>([
    ['by somebody whom no policy names', (w) => signed(w.zoe)],
    ['by a key that only says whose it is', (w) => signed(new SigningPerson(w.eve.actor))],
    ['for another deployment', (w) => signed(w.eve, { deployment: 'd2' })],
    ['of an operation that is not there', (w) => signed(w.eve, { operationId: '00000000-0000-4000-8000-000000000000' })],
    ['that is something else', (w) => w.eve.jws('{"type":"countersign/decision/v1"}')],
    ['that is no JWS', () => 'revoke it, please'],
  ])('rule 25: one %s stops nothing', async (_what, jws) => {
    expect(await (await taker())(jws(world))).toEqual(expect.any(String));
    world.saga.clock.advance(1_001);
    expect((await world.signs(request.operationId, [world.order(request)])).type).toBe('signing.completed.v1');
  });

  it('rule 25: `countersign revoke` leaves one that is taken; what is none is set aside, and what can’t be looked at now stays', async () => {
    const { privateKey, publicJwk } = newKeyPair('ES256');
    writeFileSync(join(dir, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    world.chain.byOperation(new SigningPerson(account('eve'), 'eve-card'), 'POST', '/v1/credentials', { credentialId: 'eve-card', owner: account('eve'), label: 'card', key: { type: 'jwk', publicJwk } }, world.chain.admins.slice(0, 2));
    await world.writePlane();
    const out = new PassThrough();
    const args = ['revoke', request.operationId, '--deployment', DEPLOYMENT, '--reason', 'stolen', '--credential', 'eve-card', '--key', join(dir, 'key.pem'), '--inbox', dir];
    expect(await runCommandLine(args, { out, err: new PassThrough(), input: Object.assign(new PassThrough(), { isTTY: false }), env: {}, signal: new AbortController().signal })).toBe(0);
    writeFileSync(join(dir, 'other.jws'), 'nonsense');
    const take = await taker();
    let asked = 0;
    const stopping = new AbortController();
    const watching = watchInbox(dir, (jws) => ((asked += 1) === 1 ? Promise.reject(new StoreUnavailableError('away')) : take(jws)), { warn: () => undefined }, stopping.signal);
    await eventually(() => Promise.resolve(readdirSync(dir)), (names) => names.filter((n) => n.endsWith('.taken')).length === 1 && names.includes('other.jws.refused'));
    stopping.abort();
    await watching;
    expect(await world.saga.ledger.note('taken-back', request.operationId)).toMatch(/eve.*stolen/);
  });
});
