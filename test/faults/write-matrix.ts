import { randomUUID } from 'node:crypto';
import { derivedId } from '#eventing/ids.js';
import { commandIdOf } from '#eventing/command-id.js';
import { sleep } from '#test/system/service.js';
import { digests, eventually, goodSignatures, isFinal, order, orderOf, request, trailOf } from '#test/system/steps.js';
import type { Key, Operation, SignOrder, TrailEvent } from '#test/system/steps.js';
import { accountsOf } from './accounts.js';
import { COUNT, KILLED, STEPS } from './write-cells.js';
import type { End, Fate, Step, Write } from './write-cells.js';
import type { Ids, Rig } from './write-rigs.js';

const ACCEPTED_WITHIN_MS = 60_000;
const ENDED_WITHIN_MS = 60_000;
const CKR_MECHANISM_INVALID = '0x70';
const CKR_FUNCTION_FAILED = '0x6';
const WAYS = { signed: [], revoked: [], refused: [`fail C_SignInit ${CKR_MECHANISM_INVALID}`], broken: [`fail-after * ${CKR_FUNCTION_FAILED}`] } as const;

/** The writer waits. What it wrote may be known to others: a reservation is signed without whoever made it. */
const HELD: readonly Fate[] = ['never answered', ...KILLED];

/** One order under an operation of its own. */
export interface Cell {
  readonly step: Step;
  readonly fate: Fate;
  readonly operation: Operation;
  readonly ids: Ids;
  readonly over: readonly string[];
  /** C_Sign calls until it had its end, or until its write was held. */
  readonly calls: number;
  /** As the api answers the order; asked again under the same key until it is accepted. */
  readonly accepted: () => Promise<SignOrder>;
}
export interface Row {
  readonly write: Write;
  readonly fate: Fate;
  readonly granted: number;
  readonly end: End;
}

/** Places an order, and resolves when its write has met its fate. Nothing else may be signed meanwhile. */
export async function befall(rig: Rig, step: Step, fate: Fate): Promise<Cell> {
  const { service } = rig;
  const operation = await request(service, { fw: COUNT });
  const over = digests(COUNT);
  const key = randomUUID();
  const commandId = commandIdOf({ issuer: service.issuer.url, subject: 'orderer-1', method: 'POST', path: `/v1/operations/${operation.operationId}/sign-orders`, key });
  const ids = { operationId: operation.operationId, signOrderId: derivedId('sign-order', commandId) };
  const before = service.spied('C_Sign');
  service.shim.order(...WAYS[step.way]);
  const struck = await rig.strike(step, fate, ids);
  const start = step.way === 'revoked' ? await rig.keepUnstarted(ids) : undefined;
  const place = async (): Promise<SignOrder> => {
    for (const until = performance.now() + ACCEPTED_WITHIN_MS; ; await sleep(50)) {
      const answer = await order(service, operation, 'fw', over, { 'idempotency-key': key, prefer: 'respond-async' }).catch(() => undefined);
      if (answer !== undefined && answer.status < 300) return answer.body;
      if ((answer !== undefined && answer.status < 500) || performance.now() > until) throw new Error(`${step.write}, ${fate}: ${answer?.status} ${JSON.stringify(answer?.body)}`);
    }
  };
  const placed = place();
  placed.catch(() => undefined);
  if (start !== undefined) {
    await placed;
    await start.reached();
    const revoked = await service.admin.post(`/v1/operations/${operation.operationId}/revocation`, { reason: 'A test' });
    if (revoked.status !== 201) throw new Error(`revocation: ${revoked.status}`);
    await start.release();
  }
  await struck();
  service.shim.order();
  // It has its end now, or later: not while the calls for another order are counted.
  if (!HELD.includes(fate) || (step.write === 'uses-reserved' && fate !== 'killed before')) await eventually(() => orderOf(service, operation, ids.signOrderId).catch(() => undefined), (there) => there !== undefined && isFinal(there), ENDED_WITHIN_MS);
  return {
    step, fate, operation, ids, over,
    calls: service.spied('C_Sign') - before,
    accepted: async () => {
      // Whoever was answered once is answered the same again.
      const [first, again] = [await placed, await place()];
      if (first.signOrderId !== ids.signOrderId || again.signOrderId !== ids.signOrderId) throw new Error(`${step.write}, ${fate}: another order was answered`);
      return again;
    },
  };
}

/** How the order of a cell ended, once all is booked. @throws Error when something does not agree */
export async function rowOf({ service }: Rig, key: Key, { step, fate, operation, over, calls, accepted }: Cell): Promise<Row> {
  await accepted();
  const { orders, spent, granted } = await accountsOf(service, operation, ENDED_WITHIN_MS);
  const [only] = orders;
  if (only === undefined || orders.length !== 1) throw new Error(`${step.write}, ${fate}: ${orders.length} orders`);
  const good = goodSignatures(key, over, only);
  if (good !== (only.state === 'completed' ? COUNT : 0)) throw new Error(`${step.write}, ${fate}: ${good} good signatures, and ${only.state}`);
  trailIsWhole(await eventually(() => trailOf(service, operation), (trail) => booked(trail, spent), ENDED_WITHIN_MS), only, spent);
  // What was signed later than its write met its fate, was signed once: the sum of all calls shows it.
  return { write: step.write, fate, granted, end: { state: only.state as End['state'], calls: only.state === 'completed' && calls === 0 ? COUNT : calls, spent } };
}

const sum = (trail: readonly TrailEvent[], type: string, list: string, field: string): number =>
  trail.filter((event) => event.type === type).flatMap(({ data }) => data[list] as readonly Readonly<Record<string, number>>[]).reduce((total, entry) => total + (entry[field] ?? 0), 0);
/** An operation whose last use is spent is told to be exhausted, unless it was over before (rule 10). */
const booked = (trail: readonly TrailEvent[], spent: number): boolean =>
  sum(trail, 'operations.uses-settled.v1', 'settled', 'spent') + sum(trail, 'operations.uses-returned.v1', 'returned', 'count') >= COUNT &&
  (spent < COUNT || trail.some(({ type }) => type === 'operations.exhausted.v1' || type === 'operations.revoked.v1'));

const STORIES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  completed: [['started', 'completed']],
  failed: [['failed'], ['started', 'failed']],
  halted: [['halted'], ['started', 'halted']],
  'outcome-unknown': [['started', 'outcome-unknown']],
};

/** Each step of the order once, in its order, and each use booked once. */
function trailIsWhole(trail: readonly TrailEvent[], { state, signOrderId }: SignOrder, spent: number): void {
  const told = trail.filter(({ stream }) => stream === `signOrder-${signOrderId}`).map(({ type }) => type.split('.')[1]);
  if (STORIES[state]?.some((story) => story.join() === told.join()) !== true) throw new Error(`${signOrderId} is ${state}, and its trail tells ${told.join()}`);
  const settled = sum(trail, 'operations.uses-settled.v1', 'settled', 'spent');
  const returned = sum(trail, 'operations.uses-returned.v1', 'returned', 'count');
  const reserved = trail.filter(({ type }) => type === 'operations.uses-reserved.v1').length;
  if (reserved !== 1 || settled !== spent || returned !== COUNT - spent) throw new Error(`${signOrderId}: ${reserved} reservations, ${settled} settled, ${returned} returned, ${spent} spent`);
}

const LAST_WRITES: readonly Write[] = ['completed, later', 'unknown, later'];
const ORDER: readonly Write[] = [...STEPS.map(({ write }) => write), ...LAST_WRITES];
export function table(title: string, rows: readonly Row[]): string {
  const line = (cells: readonly (string | number)[]): string => cells.map((cell, i) => (i < 3 ? String(cell).padEnd(17) : String(cell).padStart(8))).join(' ');
  const sorted = [...rows].sort((a, b) => ORDER.indexOf(a.write) - ORDER.indexOf(b.write));
  return [`\n${title}`, line(['write', 'fate', 'end', 'C_Sign', 'spent', 'granted']), ...sorted.map(({ write, fate, granted, end: { state, calls, spent } }) => line([write, fate, state, calls, spent, granted]))].join('\n');
}
