import { startCuttingProxy } from '#platform/ledger/postgres/testing/cutting-proxy.js';
import type { CuttingProxy } from '#platform/ledger/postgres/testing/cutting-proxy.js';
import type { FaultOrder, FaultAction } from '#test/event-store-facade/faults/fault.js';
import { createHookedService } from '#test/hooks/hooked-service.js';
import { Service } from '#test/system/service.js';
import { freshDatabase } from '#test/system/stores.js';
import { eventually } from '#test/system/steps.js';
import { KILLED } from './write-cells.js';
import type { Fate, Step } from './write-cells.js';

export interface Ids {
  readonly operationId: string;
  readonly signOrderId: string;
}
/** A service, and how a fate is made to befall one write of one order. */
export interface Rig {
  readonly name: string;
  readonly service: Service;
  /** Fates of writes to the event store, and of those to the ledger, while no process dies. `patience`: an append may get no answer at all. */
  readonly fates: { readonly store: readonly Fate[]; readonly ledger: readonly Fate[]; readonly patience: boolean };
  /** @returns resolves when it has befallen it */
  strike(step: Step, fate: Fate, ids: Ids): Promise<() => Promise<void>>;
  /** Holds a signer that is about to take the lock. */
  keepUnstarted(ids: Ids): Promise<{ readonly reached: () => Promise<void>; readonly release: () => Promise<void> }>;
  /** Takes back what would still befall. */
  calm(): Promise<void>;
}
const STRUCK_WITHIN_MS = 15_000;
/** Longer than anybody waits: what is held is let go by the death of who asked. */
const FOR_EVER_MS = 600_000;

interface Ordered {
  readonly fired: () => Promise<number>;
  readonly remove: () => Promise<void>;
}
/** Orders a fault of the facade. */
async function storeFault(service: Service, fault: FaultOrder): Promise<Ordered> {
  const ask = async (method: string, path: string, body?: FaultOrder): Promise<unknown> => {
    const answer = await fetch(`${service.eventStore?.control}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }), signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const { ids: [id] } = (await ask('POST', '/faults', fault)) as { readonly ids: readonly string[] };
  return {
    fired: async () => ((await ask('GET', '/faults')) as readonly { readonly id: string; readonly fired: number }[]).find((one) => one.id === id)?.fired ?? 0,
    remove: () => ask('DELETE', `/faults/${id}`).then(() => undefined),
  };
}

const streamOf = ({ by }: Step, { operationId, signOrderId }: Ids): string => (by === 'signer' ? `signOrder-${signOrderId}` : `operation-${operationId}`);

/** One process: the embedded log, a ledger in a file. Its gates hold and fail what passes them. */
export async function embeddedRig(): Promise<Rig> {
  const { service, hooks } = await createHookedService({ hsm: 'spy+shim', sessions: 16, stores: { eventStore: 'embedded', readModel: 'embedded' } });
  const lines = new Set<string>();
  const obey = (line: string): (() => Promise<void>) => {
    lines.add(line);
    hooks.order(...lines);
    return () => hooks.obeyed(line).catch((error: unknown) => Promise.reject(new Error(`${line} was not obeyed`, { cause: error })));
  };
  const WORDS = { refused: 'refuse # before', 'not persisted': 'lose # before', 'answer lost': 'lose # after', 'killed before': 'hold # before', 'killed after': 'hold # after' } as const;
  const fates = ['refused', 'not persisted', 'answer lost'] as const;
  return {
    name: 'embedded log, ledger in a file, one process',
    service,
    fates: { store: fates, ledger: fates, patience: false },
    strike(step, fate, ids) {
      if (fate === 'never answered') throw new TypeError('a call within the process is answered');
      const what = step.method === undefined ? `append ${step.type} ${streamOf(step, ids)}` : `ledger ${step.method} ${ids.signOrderId}`;
      // The thread that reserves uses settles them as well.
      return Promise.resolve(obey(`${WORDS[fate].replace('#', step.by === 'signer' ? 'signer-1' : 'api')} ${what}`));
    },
    keepUnstarted({ signOrderId }) {
      const line = `hold signer-1 before append signing.started.v1 signOrder-${signOrderId}`;
      const release = (): Promise<void> => Promise.resolve((lines.delete(line), hooks.order(...lines)));
      return Promise.resolve({ reached: obey(line), release });
    },
    calm: () => Promise.resolve((lines.clear(), hooks.order())),
  };
}

/** Api, worker and signer as processes: events behind the facade, rows and ledger in PostgreSQL, the ledger behind a proxy that cuts. */
export async function sharedRig(): Promise<Rig> {
  const service = await Service.create({ hsm: 'spy+shim', sessions: 16, processes: { api: 1, worker: 1, signer: 1 }, stores: { eventStore: 'esdb', readModel: 'postgres' } });
  const ledger = new URL(await freshDatabase({ durable: true }));
  const proxy: CuttingProxy = await startCuttingProxy(Number(ledger.port));
  service.onClose(() => void proxy.end());
  ledger.port = String(proxy.port);
  service.configure({ signer: { ledger: ledger.href } });
  const ACTIONS: Readonly<Record<Exclude<Fate, 'refused'>, FaultAction>> = {
    'not persisted': { kind: 'cut', when: 'before-commit' },
    'answer lost': { kind: 'cut', when: 'after-commit' },
    'never answered': { kind: 'drop' },
    'killed before': { kind: 'slow', ms: FOR_EVER_MS },
    'killed after': { kind: 'delay', ms: FOR_EVER_MS },
  };
  const CUTS = { 'not persisted': 'before', 'answer lost': 'after', 'killed before': 'hold-before', 'killed after': 'hold-after' } as const;
  const ordered: (() => Promise<void>)[] = [];
  return {
    name: 'EventStoreDB (facade), ledger in PostgreSQL, three processes',
    service,
    fates: { store: ['not persisted', 'answer lost'], ledger: ['not persisted', 'answer lost'], patience: true },
    async strike(step, fate, ids) {
      if (fate === 'refused') throw new TypeError('a cut connection tells nobody what was done');
      if (step.method === undefined) {
        // What is held is held again when it is sent again.
        const { fired, remove } = await storeFault(service, { on: 'append', stream: streamOf(step, ids), type: step.type ?? '', action: ACTIONS[fate], times: KILLED.includes(fate) ? 0 : 1 });
        ordered.push(remove);
        return () => eventually(fired, (times) => times > 0, STRUCK_WITHIN_MS).then(() => undefined);
      }
      if (fate === 'never answered') throw new TypeError('a ledger without an answer is one whose answer is lost');
      const order = `"signOrderId":"${ids.signOrderId}"`;
      proxy.cutNext(CUTS[fate], step.method === 'intend' ? `${order},"operationId"` : `"do":"${step.method}",${order}`);
      return () => eventually(() => proxy.struck(), (struck) => struck, STRUCK_WITHIN_MS).then(() => undefined);
    },
    async keepUnstarted({ signOrderId }) {
      const { fired, remove } = await storeFault(service, { on: 'append', stream: `signOrder-${signOrderId}`, type: 'signing.started.v1', action: { kind: 'cut', when: 'before-commit' }, times: 0 });
      return { reached: () => eventually(fired, (times) => times > 0, STRUCK_WITHIN_MS).then(() => undefined), release: remove };
    },
    async calm() {
      for (const remove of ordered.splice(0)) await remove();
    },
  };
}
