import { initialOperation } from '../../domain/operation/state.js';
import type { OperationState } from '../../domain/operation/state.js';
import { evolveOperation } from '../../domain/operation/evolve.js';
import { approval, approvers, fold, key, NONE, ONE, requested } from '../../domain/operation/testing/given-operation.js';
import type { PastOperations } from '../ports/past-operations.port.js';
import { plane } from '../testing/operations-bench.js';
import { MAX_EXAMINED, MAX_TOLD, SimulatePolicyHandler } from './simulate-policy.handler.js';
import { SimulatePolicyQuery } from './simulate-policy.query.js';
import type { Simulation } from './simulate-policy.query.js';

const approvedBy = (operationId: string, count: number): OperationState => [requested([key('fw', approvers(1))], { operationId }), ...(count > 0 ? [approval(ONE)] : [])].reduce(evolveOperation, initialOperation);

/** Operations of the past, a page after the other, newest first. */
class Past implements PastOperations {
  readonly asked: (readonly [unknown, bigint | null, number])[] = [];
  constructor(private readonly states: readonly OperationState[]) {}
  page(filter: Parameters<PastOperations['page']>[0], cursor: bigint | null, limit: number): ReturnType<PastOperations['page']> {
    this.asked.push([filter, cursor, limit]);
    const from = cursor === null ? 0 : this.states.length - Number(cursor) + 1;
    return Promise.resolve(this.states.slice(from, from + limit).map((state, i) => ({ state, cursor: BigInt(this.states.length - from - i) })));
  }
}
const simulated = (past: Past, query = new SimulatePolicyQuery(approvers(2), null, null, null)): Promise<Simulation> => new SimulatePolicyHandler(past, plane()).execute(query);

describe('simulating a policy', () => {
  it('tells what would change, and how many people would be missing', async () => {
    const past = new Past([approvedBy('met by one', 1), approvedBy('pending anyway', 0)]);
    expect(await simulated(past)).toEqual({ items: [{ operationId: 'met by one', was: 'approved', would: 'pending', missing: 1 }], examined: 2, truncated: false });
    expect(await simulated(past, new SimulatePolicyQuery(NONE, 'fw', 'a', 'b'))).toMatchObject({ items: [{ operationId: 'pending anyway', was: 'pending', would: 'approved', missing: 0 }] });
    expect(past.asked[1]).toEqual([{ keyId: 'fw', from: 'a', to: 'b' }, null, 500]);
  });

  it('passes over what is no operation of keys', async () => {
    expect(await simulated(new Past([initialOperation, { ...approvedBy('x', 1), grants: [] }, fold(requested([key('fw', NONE)]))]))).toMatchObject({ examined: 1, items: [{ would: 'pending' }] });
  });

  it('goes on from page to page to the end', async () => {
    const past = new Past(Array.from({ length: 1_200 }, (_, i) => approvedBy(`op ${i}`, i === 1_199 ? 1 : 0)));
    expect(await simulated(past)).toEqual({ items: [expect.objectContaining({ operationId: 'op 1199' })], examined: 1_200, truncated: false });
    expect(past.asked.map(([, cursor]) => cursor)).toEqual([null, 701n, 201n]);
  });

  it('says where it stopped for want of room: so many told, so many looked at', async () => {
    const [changed, unchanged] = [approvedBy('changed', 1), approvedBy('same', 0)];
    for (const more of [0, 1]) {
      const told = await simulated(new Past(Array.from({ length: MAX_TOLD + more }, () => changed)));
      expect([told.items.length, told.examined, told.truncated]).toEqual([MAX_TOLD, MAX_TOLD, more > 0]);
      const looked = await simulated(new Past(Array.from({ length: MAX_EXAMINED + more }, () => unchanged)));
      expect([looked.items.length, looked.examined, looked.truncated]).toEqual([0, MAX_EXAMINED, more > 0]);
    }
  });

  it('a policy that is none: POLICY_NOT_FOUND', async () => {
    await expect(simulated(new Past([]), new SimulatePolicyQuery({ ref: 'nowhere', version: null }, null, null, null))).rejects.toMatchObject({ code: 'POLICY_NOT_FOUND' });
  });
});
