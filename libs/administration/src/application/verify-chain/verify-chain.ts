import { bindingObjection } from '../../domain/control-plane/decide.js';
import { evolveControlPlane } from '../../domain/control-plane/evolve.js';
import { genesisFaults } from '../../domain/control-plane/genesis-faults.js';
import type { GenesisDocument } from '../../domain/control-plane/genesis.js';
import { isObject } from '../../domain/control-plane/members.js';
import { readActRefused, readKeyBound } from '../../domain/control-plane/read-act.js';
import { initialControlPlane } from '../../domain/control-plane/state.js';
import type { ControlPlaneState } from '../../domain/control-plane/state.js';
import { chainDigest, genesisDigest } from '../chain-digest.js';
import { ChainBroken } from './chain-fault.js';
import { linked } from './linked.js';
import { UNVERIFIED } from './verified-chain.js';
import type { ChainEvent, ChainOptions, VerifiedChain } from './verified-chain.js';
import { inForceFrom, verifyAct } from './verify-act.js';
import type { After } from './verify-act.js';

/**
 * Verifies a chain back to the genesis that `options` pins, from the beginning or on from what was verified before. Stops at the first event that does not hold: what follows
 * rests on it. Never rejects over what the store holds.
 */
export async function verifyChain(events: Iterable<ChainEvent>, options: ChainOptions, from: VerifiedChain = UNVERIFIED): Promise<VerifiedChain> {
  let chain = from;
  for (const event of events) {
    if (chain.faults.length > 0) return chain;
    chain = await verifyNext(chain, event, options);
  }
  return chain;
}

/** One more event on a verified chain. */
export async function verifyNext(chain: VerifiedChain, event: ChainEvent, options: ChainOptions): Promise<VerifiedChain> {
  try {
    if (event.revision !== chain.revision + 1) throw new ChainBroken('GAP', `revision ${event.revision} follows ${chain.revision}`);
    const { state, since, uncounted } = await stateAfter(chain, event, options);
    const head = chainDigest(event);
    if (options.remembered?.revision === event.revision && options.remembered.head !== head) throw new ChainBroken('NOT_THE_REMEMBERED', 'another event was here before');
    return { state, head, heads: chain.heads.with(head), since, revision: event.revision, faults: [], uncounted: uncounted === undefined ? chain.uncounted : [...chain.uncounted.slice(1 - MAX_UNCOUNTED), { ...uncounted, revision: event.revision }] };
  } catch (error) {
    const { code, detail } = error instanceof ChainBroken ? error : new ChainBroken('EVENT_UNREADABLE', 'the event can not be read');
    return { ...chain, faults: [{ code, detail, revision: event.revision }] };
  }
}

/** So many are told of. */
const MAX_UNCOUNTED = 100;

async function stateAfter(chain: VerifiedChain, event: ChainEvent, options: ChainOptions): Promise<After> {
  const { type, data } = event;
  if (event.revision === 0) return asWritten(laid(event, options));
  switch (type) {
    case 'administration.genesis-laid.v1':
      throw new ChainBroken('GENESIS_DIFFERS', 'a second genesis');
    case 'administration.key-bound.v1': {
      const bound = linked(chain, readKeyBound(data));
      const objection = bindingObjection(chain.state, bound.keyId, bound.publicKeySha256);
      // Once an act did not count here, a key may be one that only others know.
      if (objection !== undefined && chain.uncounted.length > 0) return { state: { ...chain.state, at: bound.at }, since: inForceFrom(chain, event, bound.at, options), uncounted: { code: 'BINDING_REFUSED', detail: objection } };
      if (objection !== undefined) throw new ChainBroken('BINDING_REFUSED', objection);
      if (options.knowsPair?.(bound.keyId, bound.publicKeySha256) === false) throw new ChainBroken('BINDING_REFUSED', `the pair of ${bound.keyId} is not the one that was made for it`);
      return { state: evolveControlPlane(chain.state, { type, data: bound }), since: inForceFrom(chain, event, bound.at, options) };
    }
    case 'administration.act-refused.v1': {
      const refused = linked(chain, readActRefused(data));
      if (chain.state.operations.has(refused.operationId)) throw new ChainBroken('OPERATION_REUSED', 'the operation had its act before');
      return { state: evolveControlPlane(chain.state, { type, data: refused }), since: inForceFrom(chain, event, refused.at, options) };
    }
    default:
      return verifyAct(chain, event, options);
  }
}

const asWritten = (state: ControlPlaneState): After => ({ state, since: state.at });

function laid({ type, data }: ChainEvent, { digest, deployment }: ChainOptions): ControlPlaneState {
  if (type !== 'administration.genesis-laid.v1') throw new ChainBroken('GENESIS_MISSING', 'the chain does not begin with a genesis');
  const document = isObject(data) && isObject(data['document']) ? (data['document'] satisfies GenesisDocument) : undefined;
  if (document === undefined || genesisDigest(document) !== digest || !isObject(data) || data['digest'] !== digest || Object.keys(data).length !== 2) throw new ChainBroken('GENESIS_DIFFERS', 'the genesis is not the one that is pinned');
  const [fault] = genesisFaults(document);
  if (fault !== undefined) throw new ChainBroken('GENESIS_DIFFERS', `${fault.path} ${fault.message}`);
  const state = evolveControlPlane(initialControlPlane, { type, data: { document, digest } });
  if (deployment !== null && state.genesis?.deployment !== deployment) throw new ChainBroken('GENESIS_DIFFERS', 'the genesis is that of another deployment');
  return state;
}
