import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { DEPLOYMENT } from '#administration/application/testing/chain-world.js';
import { runCommandLine } from '#apps/cli/src/command-line/run-command-line.js';
import { watchInbox } from '#apps/signer/src/revocation-inbox.js';
import { StreamStates } from '#eventing/stream-states.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { operationStream } from '#operations/contract.js';
import { evidenceKind } from '#signing/application/gate/evidence.js';
import { openGate } from '#signing/application/gate/open-gate.js';
import { OperationUnknownError, revocationStatement, takeRevocation } from '#signing/application/gate/take-revocation.js';
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
    ['that is something else', (w) => w.eve.jws('{"type":"countersign/decision/v1"}')],
    ['that is no JWS', () => 'revoke it, please'],
  ])('rule 25: one %s stops nothing', async (_what, jws) => {
    expect(await (await taker())(jws(world))).toEqual(expect.any(String));
    world.saga.clock.advance(1_001);
    expect((await world.signs(request.operationId, [world.order(request)])).type).toBe('signing.completed.v1');
  });

  it('rule 25: one of an operation that nobody knows yet is tried again, and an administrator’s is taken before', async () => {
    const next = world.request();
    const take = await taker();
    await expect(take(signed(world.eve, next))).rejects.toBeInstanceOf(OperationUnknownError);
    expect(await world.saga.ledger.note('taken-back', next.operationId)).toBeUndefined();
    await world.write(operationStream(next.operationId), [{ type: 'operations.requested.v1', data: next }]);
    expect(await take(signed(world.eve, next))).toBeUndefined();
    const last = world.request();
    expect(await take(signed(world.chain.admin(0), last))).toBeUndefined();
    expect(await world.blocked(last.operationId, world.stored(last, [world.approval(world.eve, last), world.approval(world.fay, last)]))).toEqual(['OPERATION_REVOKED']);
  });

  it.each([['a long one', 'x'.repeat(2_000)], ['characters of two halves, one of them cut', '😀'.repeat(1_000)], ['the same, one character on', `x${'😀'.repeat(1_000)}`], ['NUL', 'a\0b']])('rule 25: its reason may be any text: %s', async (_what, reason) => {
    expect(await (await taker())(world.eve.jws(revocationStatement({ operationId: request.operationId, reason }, DEPLOYMENT)))).toBeUndefined();
    expect(await world.saga.ledger.note('taken-back', request.operationId)).toMatch(/^revoked by eve/);
  });

  it('one that can’t be judged now is in the way of no other', async () => {
    for (let i = 0; i < 120; i += 1) writeFileSync(join(dir, `a-${i}.jws`), 'later');
    const stopping = new AbortController();
    const said: unknown[] = [];
    const watching = watchInbox(dir, (jws) => (jws === 'now' ? Promise.resolve(undefined) : Promise.reject(new OperationUnknownError('not yet'))), { warn: (...args: readonly unknown[]) => void said.push(args) }, stopping.signal);
    await eventually(() => Promise.resolve(said.length), (n) => n >= 100);
    writeFileSync(join(dir, 'z.jws'), 'now');
    await eventually(() => Promise.resolve(readdirSync(dir)), (names) => names.includes('z.jws.taken'));
    stopping.abort();
    await watching;
    // Once for each file.
    expect(said.length).toBeLessThanOrEqual(121);
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
