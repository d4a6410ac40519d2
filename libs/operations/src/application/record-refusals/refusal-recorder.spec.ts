import { jest } from '@jest/globals';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { FaultyEventStore } from '#eventing/testing/faulty-event-store.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { DomainError } from '#kernel/domain-error.js';
import type { ErrorCode } from '#kernel/error-code.js';
import { RequestOperationHandler } from '../request-operation/request-operation.handler.js';
import { RequestOperationCommand } from '../request-operation/request-operation.command.js';
import { Bench, metaOf, ORDERER, principal, requestOf, plane } from '../testing/operations-bench.js';
import { RefusalRecorder } from './refusal-recorder.js';

const ADA = { issuer: 'https://idp.example', subject: 'ada' };
const refused = (code: ErrorCode): DomainError => new DomainError(code, 'no');
const MINUTE = 60_000;

describe('RefusalRecorder', () => {
  let store: FaultyEventStore;
  let bench: Bench;
  let recorder: RefusalRecorder;
  let failures: unknown[];
  let one: string;
  let two: string;
  beforeEach(async () => {
    jest.useFakeTimers();
    store = new FaultyEventStore(new MemoryEventStore());
    bench = new Bench(store);
    failures = [];
    recorder = new RefusalRecorder(bench.operations, (error) => failures.push(error));
    bench.keys.set('fw-prod');
    const handler = new RequestOperationHandler(bench.operations, bench.keys, plane(), 'deployment');
    const ask = async (): Promise<string> => (await handler.execute(new RequestOperationCommand(metaOf(ORDERER, '/v1/operations'), ORDERER, requestOf()))).operationId;
    one = await ask();
    two = await ask();
  });
  afterEach(() => jest.useRealTimers());
  const recorded = async (operationId = one) => (await bench.events(operationId)).filter((e) => e.type.endsWith('refused.v1')).map((e) => e.data as { code: string; count: number; keyId?: string | null; by: unknown });
  const counts = async (operationId = one) => (await recorded(operationId)).map((d) => d.count);
  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  it('writes the first at once, with who and why', async () => {
    recorder.decision(one, ADA, refused('SELF_APPROVAL'));
    recorder.use(one, ADA, 'fw-prod', refused('USAGE_EXHAUSTED'));
    await pass(0);
    expect(await recorded()).toEqual([{ by: ADA, code: 'SELF_APPROVAL', count: 1 }, { by: ADA, code: 'USAGE_EXHAUSTED', keyId: 'fw-prod', count: 1 }]);
    expect((await bench.events(one)).at(-1)?.metadata).toMatchObject({ actor: ADA });
  });

  it('counts those of one person for one reason together: one event a minute, however long it goes on', async () => {
    for (let second = 0; second < 300; second += 1) {
      recorder.use(one, ADA, 'fw-prod', refused('USAGE_EXHAUSTED'));
      await pass(1_000);
    }
    expect(await counts()).toEqual([1, 59, 60, 60, 60, 60]);
    await pass(10 * MINUTE);
    expect((await counts()).reduce((a, b) => a + b)).toBe(300);
    recorder.use(one, ADA, 'fw-prod', refused('USAGE_EXHAUSTED'));
    await pass(0);
    expect((await counts()).at(-1)).toBe(1);
  });

  it('makes no event of a minute in which nothing was refused, and then begins anew', async () => {
    recorder.use(one, ADA, 'fw-prod', refused('USAGE_EXHAUSTED'));
    await pass(5 * MINUTE);
    expect(await counts()).toEqual([1]);
    expect(jest.getTimerCount()).toBe(0);
    recorder.use(one, ADA, 'fw-prod', refused('USAGE_EXHAUSTED'));
    await pass(0);
    expect(await counts()).toEqual([1, 1]);
  });

  it('tells people, reasons and operations apart', async () => {
    for (let i = 0; i < 3; i += 1) {
      recorder.decision(one, ADA, refused('SELF_APPROVAL'));
      recorder.decision(one, ADA, refused('NOT_ELIGIBLE'));
      recorder.decision(one, { ...ADA, subject: 'bob' }, refused('SELF_APPROVAL'));
      recorder.decision(one, { ...ADA, issuer: 'https://other' }, refused('SELF_APPROVAL'));
      recorder.decision(two, ADA, refused('SELF_APPROVAL'));
    }
    await pass(MINUTE);
    expect((await counts()).sort()).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    expect(await counts(two)).toEqual([1, 2]);
  });

  it('does not count by the key, which who asks names freely', async () => {
    for (let i = 0; i < 1_000; i += 1) recorder.use(one, ADA, `key-${i}`, refused('NOT_YOUR_OPERATION'));
    await pass(MINUTE);
    expect(await recorded()).toEqual([{ by: ADA, code: 'NOT_YOUR_OPERATION', keyId: 'key-0', count: 1 }, { by: ADA, code: 'NOT_YOUR_OPERATION', keyId: null, count: 999 }]);
    for (let i = 0; i < 3; i += 1) recorder.use(one, ADA, 'key-7', refused('NOT_YOUR_OPERATION'));
    await pass(MINUTE);
    expect((await recorded()).at(-1)).toMatchObject({ keyId: 'key-7', count: 3 });
  });

  it.each<ErrorCode>(['SELF_APPROVAL', 'NOT_ELIGIBLE', 'REQUEST_DIGEST_MISMATCH'])('an auditor sees decisions refused for %s', async (code) => {
    recorder.decision(one, ADA, refused(code));
    await pass(0);
    expect(await recorded()).toMatchObject([{ code }]);
  });
  it.each<ErrorCode>(['USAGE_EXHAUSTED', 'NOT_YOUR_OPERATION', 'OPERATION_NOT_APPROVED', 'OPERATION_NOT_YET_VALID', 'OPERATION_EXPIRED', 'OPERATION_REJECTED', 'OPERATION_REVOKED', 'DIGEST_NOT_BOUND', 'KEY_DISABLED'])('an auditor sees uses refused for %s', async (code) => {
    recorder.use(one, ADA, 'fw-prod', refused(code));
    await pass(0);
    expect(await recorded()).toMatchObject([{ code }]);
  });
  it('and no other refusals, nor what is no refusal', async () => {
    for (const code of ['ALREADY_DECIDED', 'OPERATION_APPROVED', 'RATE_LIMITED', 'OPERATION_NOT_FOUND'] as const) recorder.decision(one, ADA, refused(code));
    for (const code of ['RATE_LIMITED', 'HSM_UNAVAILABLE', 'VALIDATION_FAILED', 'OPERATION_NOT_FOUND', 'IDEMPOTENCY_KEY_REUSED'] as const) recorder.use(one, ADA, 'fw-prod', refused(code));
    recorder.use(one, ADA, 'fw-prod', new Error('USAGE_EXHAUSTED'));
    recorder.decision(one, ADA, new StoreUnavailableError('gone'));
    await pass(MINUTE);
    expect(await recorded()).toEqual([]);
  });

  it('writes what was counted at the end of the process, once', async () => {
    for (let i = 0; i < 5; i += 1) recorder.use(one, ADA, 'fw-prod', refused('USAGE_EXHAUSTED'));
    recorder.decision(two, ADA, refused('SELF_APPROVAL'));
    await recorder.flush();
    expect(await counts()).toEqual([1, 4]);
    expect(await counts(two)).toEqual([1]);
    expect(jest.getTimerCount()).toBe(0);
    await recorder.flush();
    await pass(MINUTE);
    expect(await counts()).toEqual([1, 4]);
  });

  it('the end of the process waits for what is being written', async () => {
    let go = (): void => undefined;
    store.beforeAppend = () => new Promise<void>((resolve) => (go = resolve));
    recorder.use(one, ADA, 'fw-prod', refused('USAGE_EXHAUSTED'));
    let flushed = false;
    const flushing = recorder.flush().then(() => (flushed = true));
    await pass(0);
    expect(flushed).toBe(false);
    go();
    await flushing;
    expect(await counts()).toEqual([1]);
  });

  it('tells of what could not be written, and goes on', async () => {
    store.faults = ['unavailable'];
    recorder.use(one, ADA, 'fw-prod', refused('USAGE_EXHAUSTED'));
    recorder.use(one, ADA, 'fw-prod', refused('USAGE_EXHAUSTED'));
    await pass(0);
    expect(failures).toMatchObject([{ name: 'StoreUnavailableError' }]);
    await pass(MINUTE);
    expect(await counts()).toEqual([1]);
    await expect(recorder.flush()).resolves.toBeUndefined();
  });

  it('counts a bounded number at a time; beyond it the others go on', async () => {
    for (let i = 0; i < 10_050; i += 1) recorder.decision('none', { ...ADA, subject: `person-${i}` }, refused('SELF_APPROVAL'));
    expect(jest.getTimerCount()).toBe(10_000);
    await pass(MINUTE);
    expect(jest.getTimerCount()).toBe(0);
    recorder.decision(one, principal('late'), refused('SELF_APPROVAL'));
    await pass(0);
    expect(await counts()).toEqual([1]);
  });
});
