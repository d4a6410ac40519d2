import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyAnswer, ListAnswer, OperationAnswer, SignOrderAnswer, TrailEvent } from './answers.js';
import { Caller } from './caller.js';
import type { Answer } from './caller.js';
import { opensslSays } from './openssl.js';
import type { Telling } from './telling.js';
import { nameOf, short, signedDigests, spentUses, trailTable } from './trail.js';

const USES = 3;
const SHORT_WINDOW_MS = 1_500;
/** Lists and trails follow within a second; a busy machine gets more. */
const FOLLOWS_MS = 5_000;
const ASK_AGAIN_MS = 50;

interface People {
  readonly orderer1: Caller;
  readonly approver1: Caller;
  readonly approver2: Caller;
  readonly auditor1: Caller;
}

/**
 * The approval workflow from request to evidence, over HTTP, against a development instance with its sample keys.
 * @throws NotAsToldError when the service does anything else
 */
export async function tellStory(base: string, telling: Telling): Promise<void> {
  await telling.within(async () => {
    const [orderer1, approver1, approver2, auditor1] = await Promise.all([Caller.signIn(base, 'orderer1'), Caller.signIn(base, 'approver1'), Caller.signIn(base, 'approver2'), Caller.signIn(base, 'auditor1')]);
    const people = { orderer1, approver1, approver2, auditor1 };
    const operation = await requestRelease(people, telling);
    await refuseEarlyUse(operation, people, telling);
    await refuseSelfApproval(operation, people, telling);
    await approveOnce(operation, people, telling);
    await approveTwice(operation, people, telling);
    const digests = await signThrice(operation, people, telling);
    await refuseFourth(operation, people, telling);
    const expired = await letExpire(people, telling);
    await readTrail(operation, digests, expired, people, telling);
  });
}

async function requestRelease({ orderer1 }: People, telling: Telling): Promise<OperationAnswer> {
  telling.step(`orderer1 asks for fw-dev (1 use, needs no approval) and fw-prod (${USES} uses, needs 2 approvers)`);
  const answer = await orderer1.post<OperationAnswer>('/v1/operations', {
    keyUsages: [{ keyId: 'fw-dev', maxUsageCount: 1 }, { keyId: 'fw-prod', maxUsageCount: USES }],
    description: 'Release 4.2.0 of the pump controller',
    approverContext: 'Build 8123, tests green, ticket FW-991',
    validMs: 3_600_000,
  });
  telling.expect('POST /v1/operations', statusAndCode(answer), [201, undefined]);
  telling.expect('its state', answer.body.state, 'pending');
  telling.expect('missing approvals', missing(answer.body), { 'fw-dev': 0, 'fw-prod': 2 });
  telling.seen(`201 pending: fw-prod lacks 2 approvals; what approvers will decide on has the digest ${short(answer.body.requestDigest)}`);
  return answer.body;
}

async function refuseEarlyUse(operation: OperationAnswer, { orderer1 }: People, telling: Telling): Promise<void> {
  telling.step('orderer1 tries to sign with fw-dev, which needs no approval: all or nothing');
  telling.expect('the sign order', statusAndCode(await sign(orderer1, operation, 'fw-dev', randomBytes(32))), [409, 'OPERATION_NOT_APPROVED']);
  telling.seen('409 OPERATION_NOT_APPROVED');
}

async function refuseSelfApproval(operation: OperationAnswer, { orderer1 }: People, telling: Telling): Promise<void> {
  telling.step('orderer1 tries to approve his own operation');
  telling.expect('his approval', statusAndCode(await approve(orderer1, operation)), [403, 'SELF_APPROVAL']);
  telling.seen('403 SELF_APPROVAL');
}

async function approveOnce(operation: OperationAnswer, { orderer1, approver1 }: People, telling: Telling): Promise<void> {
  telling.step('approver1 finds the operation in the queue and approves it, twice: one person counts once');
  const queue = await until(
    () => approver1.get<ListAnswer<OperationAnswer>>('/v1/approvals/queue?limit=200'),
    ({ body }) => body.items.some((o) => o.operationId === operation.operationId),
  );
  if (queue === undefined) telling.fail('the operation did not appear in the queue');
  for (const time of ['first', 'second']) {
    const answer = await approve(approver1, operation);
    telling.expect(`the ${time} approval`, statusAndCode(answer), [201, undefined]);
    telling.expect(`the state after the ${time} approval`, answer.body.state, 'pending');
    telling.expect('missing approvals', missing(answer.body), { 'fw-dev': 0, 'fw-prod': 1 });
  }
  telling.seen('201 still pending: fw-prod lacks 1 approval');
  telling.expect('a sign order with one approval', statusAndCode(await sign(orderer1, operation, 'fw-prod', randomBytes(32))), [409, 'OPERATION_NOT_APPROVED']);
  telling.seen('signing with fw-prod: 409 OPERATION_NOT_APPROVED');
}

async function approveTwice(operation: OperationAnswer, { approver2 }: People, telling: Telling): Promise<void> {
  telling.step('approver2 approves');
  const answer = await approve(approver2, operation);
  telling.expect('the approval', statusAndCode(answer), [201, undefined]);
  telling.expect('the state', answer.body.state, 'approved');
  telling.expect('who approved', answer.body.decisions.map((d) => `${d.decision} by ${d.by.subject}`), ['approve by approver1', 'approve by approver2']);
  telling.seen(`201 approved, by ${answer.body.decisions.map((d) => d.by.name ?? d.by.subject).join(' and ')}`);
}

/** @returns the digests that were signed, base64 */
async function signThrice(operation: OperationAnswer, { orderer1 }: People, telling: Telling): Promise<readonly string[]> {
  telling.step(`orderer1 orders ${USES} signatures with fw-prod; openssl verifies each with the key that the service publishes`);
  const key = await orderer1.get<KeyAnswer>('/v1/keys/fw-prod');
  telling.expect('GET /v1/keys/fw-prod', statusAndCode(key), [200, undefined]);
  const digests: string[] = [];
  for (let n = 1; n <= USES; n += 1) {
    const image = randomBytes(64 * 1024);
    const digest = createHash('sha256').update(image).digest();
    const order = await sign(orderer1, operation, 'fw-prod', digest);
    telling.expect(`sign order ${n}`, statusAndCode(order), [201, undefined]);
    telling.expect(`sign order ${n}`, { state: order.body.state, signatures: order.body.signatures.length, uses: order.body.usesConsumed }, { state: 'completed', signatures: 1, uses: 1 });
    const verdict = await opensslSays(key.body.publicKeyPem, image, Buffer.from(order.body.signatures[0] ?? '', 'base64'));
    telling.expect(`openssl on signature ${n}`, verdict, 'Verified OK');
    telling.seen(`201 completed: image ${n}, SHA-256 ${short(digest.toString('base64'))}   openssl dgst -sha256 -verify: ${verdict}`);
    digests.push(digest.toString('base64'));
  }
  return digests;
}

async function refuseFourth(operation: OperationAnswer, { orderer1 }: People, telling: Telling): Promise<void> {
  telling.step('orderer1 orders a fourth signature');
  telling.expect('sign order 4', statusAndCode(await sign(orderer1, operation, 'fw-prod', randomBytes(32))), [409, 'USAGE_EXHAUSTED']);
  const now = await orderer1.get<OperationAnswer>(`/v1/operations/${operation.operationId}`);
  telling.expect('what is left', Object.fromEntries(now.body.keyUsages.map((k) => [k.keyId, k.remainingCount])), { 'fw-dev': 1, 'fw-prod': 0 });
  telling.seen('409 USAGE_EXHAUSTED: fw-prod has 0 uses left, fw-dev still has 1');
}

async function letExpire({ orderer1 }: People, telling: Telling): Promise<OperationAnswer> {
  telling.step(`orderer1 asks for fw-dev for ${SHORT_WINDOW_MS / 1000} s and comes too late`);
  const body = { keyUsages: [{ keyId: 'fw-dev', maxUsageCount: 1 }], description: 'Nightly build of the pump controller', validMs: SHORT_WINDOW_MS };
  const { body: operation, ...answer } = await orderer1.post<OperationAnswer>('/v1/operations', body);
  telling.expect('POST /v1/operations', answer.status, 201);
  telling.expect('its state', operation.state, 'approved');
  telling.seen('201 approved at once: fw-dev needs no approval');
  await sleep(Math.max(0, Date.parse(operation.expiresAt) - Date.now()) + 20);
  telling.expect('the sign order', statusAndCode(await sign(orderer1, operation, 'fw-dev', randomBytes(32))), [409, 'OPERATION_EXPIRED']);
  telling.expect('its state', (await orderer1.get<OperationAnswer>(`/v1/operations/${operation.operationId}`)).body.state, 'expired');
  telling.seen('409 OPERATION_EXPIRED');
  return operation;
}

/**
 * Sorted names of all events of the release but `uses-settled`, which books ends in batches. Refused uses are counted by person and reason, one event
 * a minute: the two before the approval have one, the fourth order has another.
 */
const RELEASE_TRAIL = [
  'approval-given', 'approval-given', 'approved', 'decision-refused', 'requested', 'use-refused', 'use-refused',
  ...Array.from({ length: USES }, () => ['completed', 'started', 'uses-reserved']).flat(),
].sort();
const EXPIRED_TRAIL = ['approved', 'requested', 'use-refused'];

async function readTrail(release: OperationAnswer, digests: readonly string[], expired: OperationAnswer, { auditor1 }: People, telling: Telling): Promise<void> {
  telling.step('auditor1 reads the trail of both: who, what, when, what was signed, how many');
  const trailOf = ({ operationId }: OperationAnswer, whole: (events: readonly TrailEvent[]) => boolean): Promise<readonly TrailEvent[]> =>
    finalOf(async () => (await auditor1.get<ListAnswer<TrailEvent>>(`/v1/operations/${operationId}/events?limit=200`)).body.items, whole);
  const trail = await trailOf(release, (events) => spentUses(events) >= USES && namesOf(events).length >= RELEASE_TRAIL.length);
  telling.expect('events of the release', namesOf(trail), RELEASE_TRAIL);
  telling.expect('signed digests', signedDigests(trail), digests);
  telling.expect('spent uses', spentUses(trail), USES);
  telling.expect('who approved', trail.filter((e) => nameOf(e) === 'approval-given').map((e) => e.actor.subject), ['approver1', 'approver2']);
  const other = await trailOf(expired, (events) => events.length >= EXPIRED_TRAIL.length);
  telling.expect('events of the expired operation', namesOf(other), EXPIRED_TRAIL);
  for (const line of trailTable(trail)) telling.plain(line);
  telling.plain('');
  for (const line of trailTable(other)) telling.plain(line);
  telling.plain('');
  telling.seen(`${USES} uses of fw-prod approved by 2, ${digests.length} signatures made, 0 of fw-dev`);
}

const namesOf = (events: readonly TrailEvent[]): readonly string[] => events.map(nameOf).filter((name) => name !== 'uses-settled').sort();

const approve = (who: Caller, { operationId, requestDigest }: OperationAnswer): Promise<Answer<OperationAnswer>> => who.post(`/v1/operations/${operationId}/decisions`, { decision: 'approve', requestDigest });

const sign = (who: Caller, { operationId }: OperationAnswer, keyId: string, digest: Uint8Array): Promise<Answer<SignOrderAnswer>> =>
  who.post(`/v1/operations/${operationId}/sign-orders`, { keyId, digests: [Buffer.from(digest).toString('base64')], digestAlgorithm: 'SHA-256' });

const statusAndCode = ({ status, body }: Answer<object>): readonly [number, string | undefined] => [status, body.code];

const missing = ({ keyUsages }: OperationAnswer): Readonly<Record<string, number>> => Object.fromEntries(keyUsages.map((k) => [k.keyId, k.approval.missing]));

/** Asks until the answer is as it should be; undefined when it did not become so in time. */
async function until<T>(ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T | undefined> {
  const answer = await finalOf(ask, good);
  return good(answer) ? answer : undefined;
}

/** The first answer that is as it should be, or the last one that came in time. */
async function finalOf<T>(ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
  const started = performance.now();
  for (;;) {
    const answer = await ask();
    if (good(answer) || performance.now() - started > FOLLOWS_MS) return answer;
    await sleep(ASK_AGAIN_MS);
  }
}
