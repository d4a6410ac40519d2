import type { Instant } from '#kernel/clock.js';
import type { Checked } from '../../domain/control-plane/members.js';
import { ChainBroken } from './chain-fault.js';
import type { VerifiedChain } from './verified-chain.js';

/** Data of the right shape, at its place in the chain and in time. */
export function linked<T extends { readonly previous: string | null; readonly at: Instant }>(chain: VerifiedChain, read: Checked<T>): T {
  if ('faults' in read) throw new ChainBroken('EVENT_UNREADABLE', read.faults.map((f) => `${f.path} ${f.message}`).join('; '));
  const { previous, at } = read.value;
  if (previous !== chain.head) throw new ChainBroken('LINK_BROKEN', 'it names another event before it');
  if (at < chain.state.at) throw new ChainBroken('TIME_WENT_BACK', 'it is earlier than the event before it');
  return read.value;
}
