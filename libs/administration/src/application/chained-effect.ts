import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { Actor } from '#kernel/actor.js';
import { effectOf } from '../domain/control-plane/effect-of.js';
import type { Effect } from '../domain/control-plane/effects.js';
import { ACT_TYPES } from '../domain/control-plane/events.js';
import { readActData } from '../domain/control-plane/read-act.js';

/** What an event of a control plane changed, and who did it; undefined: it is no act. For who follows the chain, not for who verifies it. */
export function chainedEffect({ type, data }: Pick<RecordedEvent, 'type' | 'data'>): { readonly effect: Effect; readonly by: Actor } | undefined {
  if (!(ACT_TYPES as readonly string[]).includes(type)) return undefined;
  const read = readActData(data);
  if ('faults' in read) return undefined;
  const effect = effectOf(read.value.method, read.value.path, read.value.body);
  return 'faults' in effect ? undefined : { effect, by: read.value.by };
}
