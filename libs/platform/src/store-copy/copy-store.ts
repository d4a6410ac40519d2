import type { EventStore, Position, RecordedEvent } from '#eventing/event-store.port.js';
import type { Clock } from '#kernel/clock.js';
import { appendRest } from './append-windows.js';
import type { AppendWindow } from './append-windows.js';
import { passPrefix, StreamChecks } from './compare-histories.js';
import { CopyRefusedError } from './copy-refused-error.js';
import { History } from './history.js';
import { endsSealed, movedTo, seal, sealOf } from './seal.js';

export type CopyPhase = 'comparing' | 'copying' | 'verifying';

export interface CopyOptions {
  readonly source: EventStore;
  readonly target: EventStore;
  readonly window: AppendWindow;
  /** Goes on although the source was moved to another store before, which is given up. */
  readonly again?: boolean;
  readonly clock: Pick<Clock, 'wall'>;
  readonly signal: AbortSignal;
  /** @param events done in this phase @param at position in the source, out of `head` */
  readonly advanced?: (phase: CopyPhase, events: number, at: Position, head: Position) => void;
}

export interface CopiedStore {
  /** In the target now, all of them compared. */
  readonly events: number;
  readonly streams: number;
  /** Of these, how many this run wrote, and in what time. */
  readonly copied: number;
  readonly copyMs: number;
  readonly verifyMs: number;
  /** Id of the target. */
  readonly storeId: string;
}

/**
 * Moves a whole history to another store, with every process silent (rule 17): ids, types, data, metadata, revisions and the order of all events stay, positions are the target's own.
 *
 * The target is empty, or holds a beginning of the source, which is compared event by event and gone on from. A crash before the seal leaves a source that
 * goes on, after it a sealed source whose seal names the target: the same call finishes the work.
 * @throws CopyRefusedError, StoreUnavailableError
 */
export async function copyStore(options: CopyOptions): Promise<CopiedStore> {
  const { source, target, window, clock, signal } = options;
  const storeId = await target.storeId();
  await refuseTarget(options, storeId);

  const head = (await lastOf(source))?.position ?? 0n;
  const advanced = (phase: CopyPhase, events: number, at: Position | undefined): void => options.advanced?.(phase, events, at ?? head, head);
  const history = new History(source, signal);
  await passPrefix(history, new History(target, signal), (event) => void advanced('comparing', history.events, event.position));
  const began = performance.now();
  const already = history.events;
  const goOn = (): Promise<number> => appendRest(history, target, window, signal, (next) => advanced('copying', history.events - already, next?.position));
  let copied = await goOn();
  if (!(await endsSealed(source, storeId))) await seal(source, storeId, clock);
  // What a process that was not silent after all wrote between the last read and the seal.
  copied += await goOn();
  const copyMs = performance.now() - began;

  const verified = performance.now();
  const { events, streams } = await verify(options, advanced);
  if (!(await endsSealed(source, storeId))) throw writtenAfterSeal();
  return { events, streams, copied, copyMs, verifyMs: performance.now() - verified, storeId };
}

async function refuseTarget({ source, target, again = false }: CopyOptions, storeId: string): Promise<void> {
  if ((await source.storeId()) === storeId) throw new CopyRefusedError('SAME_STORE', 'source and target are the same store');
  if ((await sealOf(target)) !== undefined) throw new CopyRefusedError('TARGET_SEALED', 'the target is sealed: its own history was moved to another store; take an empty one');
  const before = await sealOf(source);
  const other = before === undefined ? undefined : movedTo(before);
  if (before !== undefined && other !== storeId && !again) {
    throw new CopyRefusedError('MOVED_ELSEWHERE', `the source was moved to the store ${other ?? 'of an unknown id'}; only when that one is lost or given up for ever, say --again`);
  }
}

/** Both from their beginnings to their ends: every event equal, and each stream by its name. */
async function verify({ source, target, signal }: CopyOptions, advanced: (phase: CopyPhase, events: number, at: Position | undefined) => void): Promise<{ readonly events: number; readonly streams: number }> {
  const here = new History(source, signal);
  const there = new History(target, signal);
  const streams = new StreamChecks(source, target);
  await passPrefix(here, there, (event: RecordedEvent) => {
    advanced('verifying', here.events, event.position);
    return event.revision === 0 ? streams.add(event) : undefined;
  });
  await streams.finish();
  if ((await here.peek()) !== undefined || here.seal === undefined) throw writtenAfterSeal();
  return { events: there.events, streams: streams.streams };
}

const writtenAfterSeal = (): CopyRefusedError =>
  new CopyRefusedError('WRITTEN_AFTER_SEAL', 'events were written to the source after it was sealed: a process still runs on it; stop every one of them and run the same command again, which takes these events along');

const lastOf = async (store: EventStore): Promise<RecordedEvent | undefined> => (await store.readAll({ limit: 1, direction: 'backward' }))[0];
