import { existsSync } from 'node:fs';
import { startFreshInstance } from '#apps/cli/src/demo/fresh-instance.js';
import type { FreshInstance } from '#apps/cli/src/demo/fresh-instance.js';
import { Caller } from '#apps/cli/src/demo/caller.js';
import { startAlteringProxy } from './altering-proxy.js';
import type { Alter } from './altering-proxy.js';
import { runProgram } from './program.js';
import type { Ended } from './program.js';

const demo = (...args: readonly string[]): Promise<Ended> => runProgram('apps/cli/src/demo/main', args);

describe('npm run demo', () => {
  it('tells the story against an instance of its own and leaves nothing behind', async () => {
    const { code, out, err } = await demo();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.match(/Verified OK/g)).toHaveLength(3);
    expect(out).toMatch(/approver2 +approval-given/);
    expect(out).toContain('All as told');
    // No terminal, no colours.
    expect(out).not.toContain('\u001b');
    const folder = /data in (\S+)/.exec(out)?.[1] ?? '';
    expect(folder).toContain('countersign-demo-');
    expect(existsSync(folder)).toBe(false);
  });

  describe('against a service that does something else', () => {
    let instance: FreshInstance;
    beforeAll(async () => {
      instance = await startFreshInstance();
    });
    afterAll(() => instance.stop(false));

    let firstOrder: Readonly<Record<string, unknown>> | undefined;
    const isOrder = (call: string): boolean => call.startsWith('POST ') && call.endsWith('/sign-orders');
    const lies: readonly (readonly [string, string, Alter])[] = [
      ['signs with one key before all are approved', 'step 2', (p) => (isOrder(p.call) && p.body['code'] === 'OPERATION_NOT_APPROVED' ? { status: 201, body: { state: 'completed', signatures: ['AA=='], usesConsumed: 1 } } : p)],
      ['takes an approval of who asked', 'step 3', (p) => (p.body['code'] === 'SELF_APPROVAL' ? { status: 201, body: { state: 'pending' } } : p)],
      ['approves with one of two approvals', 'step 4', (p) => (p.call.endsWith('/decisions') && p.status === 201 ? { status: 201, body: { ...p.body, state: 'approved' } } : p)],
      ['gives a signature that does not verify', 'step 6', (p) => (isOrder(p.call) && p.status === 201 ? { status: 201, body: { ...p.body, signatures: ['MAYCAQECAQE='] } } : p)],
      ['gives the signature of another digest', 'step 6', (p) => {
        if (!isOrder(p.call) || p.status !== 201) return p;
        firstOrder ??= p.body;
        return { status: 201, body: { ...p.body, signatures: firstOrder['signatures'] } };
      }],
      ['signs once more than approved', 'step 7', (p) => (p.body['code'] === 'USAGE_EXHAUSTED' ? { status: 201, body: { state: 'completed', signatures: ['AA=='], usesConsumed: 1 } } : p)],
      ['signs after the end of the window', 'step 8', (p) => (p.body['code'] === 'OPERATION_EXPIRED' ? { status: 201, body: { state: 'completed', signatures: ['AA=='], usesConsumed: 1 } } : p)],
      ['answers something else altogether', 'step 1', (p) => (p.call === 'POST /v1/operations' ? { status: 201, body: {} } : p)],
    ];
    it.each(lies)('%s: exit 1, naming the step', async (_, step, alter) => {
      const proxy = await startAlteringProxy(instance.url, alter);
      const { code, err, out } = await demo('--url', proxy.url);
      proxy.close();
      expect({ code, step: /(step \d+)/.exec(err)?.[1] }).toEqual({ code: 1, step });
      expect(out).not.toContain('All as told');
    });

    it('leaves an event out of the trail: exit 1, naming the step', async () => {
      const withoutOne = (body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
        ...body,
        items: (body['items'] as readonly { readonly type: string; readonly actor: { readonly subject: string } }[]).filter((e) => !(e.type === 'operations.approval-given.v1' && e.actor.subject === 'approver2')),
      });
      const proxy = await startAlteringProxy(instance.url, (p) => (p.call.includes('/events') ? { status: p.status, body: withoutOne(p.body) } : p));
      const { code, err } = await demo('--url', proxy.url);
      proxy.close();
      expect({ code, step: /(step \d+)/.exec(err)?.[1] }).toEqual({ code: 1, step: 'step 9' });
    });

    it('asks for one approval where the story tells of two: exit 1, naming the step', async () => {
      const admin = await Caller.signIn(instance.url, 'admin1');
      const policy = { type: 'approvers', count: 1, group: 'firmware-approvers', role: 'approver' };
      expect((await admin.put('/v1/keys/fw-prod/approval-policy', policy)).status).toBe(200);
      const { code, err } = await demo('--url', instance.url);
      expect({ code, err: err.trim() }).toEqual({ code: 1, err: expect.stringMatching(/step 1 .*missing approvals/) });
    });

    it('is not there: exit 1, in one line', async () => {
      const { code, err } = await demo('--url', 'http://127.0.0.1:1');
      expect({ code, err: err.trim() }).toEqual({ code: 1, err: expect.stringContaining('not as told in the start') });
    });
  });
});
