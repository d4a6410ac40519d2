import { readFileSync } from 'node:fs';
import { Service, sleep } from '#test/system/service.js';
import { digests, ended, eventually, goodSignatures, isFinal, makeKey, order, orderOf, request, approve, twoOfGroup } from '#test/system/steps.js';
import { accountsOf } from '#test/faults/accounts.js';

const ASYNC = { prefer: 'respond-async' };
const TAKEOVER_MS = 10_000;

afterEach(Service.closeAll);

const readiness = async (service: Service, part: string): Promise<{ readonly status: number; readonly text: string }> => {
  const answer = await fetch(`${service.baseOf(part)}/readyz`, { signal: AbortSignal.timeout(5_000) });
  return { status: answer.status, text: await answer.text() };
};

describe('api, worker and signer as processes of their own', () => {
  it('do the main job, each with health and metrics of its own, and end in order on SIGTERM', async () => {
    const service = await Service.create({ hsm: 'spy', processes: { api: 2, worker: 2, signer: 2 } });
    await service.up({ withinMs: 60_000 });
    const key = await makeKey(service, 'fw', { approvalPolicy: twoOfGroup });
    const operation = await request(service, { fw: 10 });
    for (const who of service.approvers.slice(0, 2)) expect((await approve(operation, who)).status).toBe(201);
    // What one api has answered, the other knows.
    const other = service.as('orderer-1', ['orderer'], {}, service.baseOf('api-2'));
    const over = digests(2);
    const answer = await other.post<Awaited<ReturnType<typeof order>>['body']>(`/v1/operations/${operation.operationId}/sign-orders`, { keyId: 'fw', digests: over, digestAlgorithm: 'SHA-256' });
    expect(answer).toMatchObject({ status: 201, body: { state: 'completed' } });
    expect(goodSignatures(key, over, answer.body)).toBe(2);
    for (const { name } of service.parts) {
      expect({ name, ...(await readiness(service, name)) }).toMatchObject({ name, status: 200 });
      expect(await (await fetch(`${service.baseOf(name)}/metrics`)).text()).toContain('countersign_');
    }
    expect(await accountsOf(service, operation)).toMatchObject({ spent: 2, counts: { completed: 1 } });
    expect(service.spied('C_Sign')).toBe(2);
    expect(service.spied('C_Login')).toBe(2);
    expect(await service.stop()).toMatchObject({ code: 0 });
  }, 120_000);

  it('rule 19: only the signer has loaded the PKCS#11 module', async () => {
    const service = await Service.create({ processes: { api: 1, worker: 1, signer: 1 } });
    await service.up({ withinMs: 60_000 });
    const loaded = (part: string): boolean => readFileSync(`/proc/${service.part(part).pid}/maps`, 'latin1').includes('softhsm');
    await eventually(() => loaded('signer-1'), (there) => there);
    expect({ api: loaded('api-1'), worker: loaded('worker-1') }).toEqual({ api: false, worker: false });
  }, 90_000);

  it('without a signer: orders are accepted and wait, the api tells so within 15 s, and a signer that comes signs', async () => {
    const service = await Service.create({ hsm: 'spy', processes: { api: 1, worker: 1, signer: 1 } });
    await service.up({ withinMs: 60_000 });
    const key = await makeKey(service, 'fw');
    const operation = await request(service, { fw: 10 });
    await service.part('signer-1').kill();
    const over = digests(1);
    const answer = await order(service, operation, 'fw', over, { prefer: 'wait=1' });
    expect(answer).toMatchObject({ status: 202, body: { state: 'reserved' } });
    const told = await eventually(() => readiness(service, 'api-1'), ({ status }) => status === 503, 18_000);
    expect(told.text).toContain('no signer has reported for 15 s');
    service.start('signer-1');
    expect(goodSignatures(key, over, await ended(service, operation, answer.body.signOrderId))).toBe(1);
    await eventually(() => readiness(service, 'api-1'), ({ status }) => status === 200, 10_000);
  }, 120_000);

  it('a worker that dies, or is held, is followed by another within 10 s, and nothing happens twice', async () => {
    const service = await Service.create({ hsm: 'spy', processes: { api: 1, worker: 2, signer: 1 } });
    await service.up({ withinMs: 60_000 });
    await makeKey(service, 'fw');
    const operation = await request(service, { fw: 100 });
    const sign = async (): Promise<void> => {
      expect(await order(service, operation, 'fw', digests(1))).toMatchObject({ status: 201 });
    };
    /** Until what the orders did is in the rows and their uses are booked, which only a worker does. */
    const booked = async (count: number): Promise<number> => {
      const began = performance.now();
      await eventually(() => accountsOf(service, operation).catch(() => undefined), (accounts) => accounts?.spent === count, TAKEOVER_MS + 5_000);
      return performance.now() - began;
    };
    await sign();
    await booked(1);
    for (const [n, strike] of (['SIGKILL', 'SIGSTOP'] as const).entries()) {
      for (const name of ['worker-1', 'worker-2']) {
        const part = service.part(name);
        part.signal(strike);
        await sign();
        expect(await booked(n * 4 + (name === 'worker-1' ? 2 : 4))).toBeLessThan(TAKEOVER_MS);
        part.signal('SIGCONT');
        if (strike === 'SIGKILL') {
          await part.exit();
          service.start(name);
        }
        // Back again while the other one holds the leases: nothing changes hands, nothing doubles.
        await sleep(1_500);
        await sign();
        await booked(n * 4 + (name === 'worker-1' ? 3 : 5));
      }
    }
    const { spent, counts } = await accountsOf(service, operation);
    expect({ spent, counts, calls: service.spied('C_Sign') }).toEqual({ spent: 9, counts: { completed: 9 }, calls: 9 });
  }, 180_000);

  it('a signer that dies with orders queued is followed by the other; none is lost or signed twice', async () => {
    const service = await Service.create({ hsm: 'spy', processes: { api: 1, worker: 1, signer: 2 } });
    await service.up({ withinMs: 60_000 });
    await makeKey(service, 'fw');
    const operations = await Promise.all(Array.from({ length: 4 }, () => request(service, { fw: 200 })));
    const orders = await Promise.all(operations.flatMap((operation) => Array.from({ length: 25 }, async () => ({ operation, id: (await order(service, operation, 'fw', digests(1), ASYNC)).body.signOrderId }))));
    await service.part('signer-1').kill();
    for (const { operation, id } of orders) await eventually(() => orderOf(service, operation, id), isFinal, 60_000);
    let spent = 0;
    for (const operation of operations) spent += (await accountsOf(service, operation)).spent;
    expect(service.spied('C_Sign')).toBeLessThanOrEqual(spent);
    expect(spent).toBe(100);
  }, 150_000);
});

describe('a start that can not be', () => {
  const refused = async (config: object, expected: RegExp, processes = { api: 1, worker: 0, signer: 0 }): Promise<void> => {
    const service = await Service.create({ processes });
    service.configure(config as Readonly<Record<string, unknown>>);
    expect(await service.upToItsEnd()).toMatchObject({ code: 1 });
    expect(service.errors.trim().split('\n')).toEqual([expect.stringMatching(expected)]);
  };

  it('rule 19: of an api with a PIN', () => refused({ hsm: { module: '/usr/lib/softhsm/libsofthsm2.so', tokenLabel: 't', pin: '998877' } }, /^countersign: hsm\.pin: is for the signer alone/));
  it('rule 19: of a worker with the file of one', () => refused({ hsm: { module: '/usr/lib/softhsm/libsofthsm2.so', tokenLabel: 't', pinFile: '/etc/countersign/pin' } }, /^countersign: hsm\.pinFile: is for the signer alone/, { api: 0, worker: 1, signer: 0 }));
  it('of an api on the embedded log', () => refused({ eventStore: 'embedded' }, /^countersign: eventStore: must be a store that processes share/));
  it('of an api in the development profile', () => refused({ profile: 'development' }, /^countersign: profile: must be production/));
});
