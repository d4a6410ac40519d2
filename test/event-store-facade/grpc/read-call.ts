import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { Engine } from '../engine/engine.js';
import { DELETED_REVISION, NO_STREAM } from '../engine/record.js';
import type { StoredEvent } from '../engine/record.js';
import { firstReadable, isSoftDeleted, originalOf } from '../engine/stream-states.js';
import { nameOf } from './append-call.js';
import { admit, refuse } from './call.js';
import type { Facade } from './call.js';
import { streamsPb } from './generated.js';
import { Outlet } from './outlet.js';
import type { ReadCall } from './outlet.js';
import { filterOf } from './read-filter.js';
import { allSource, streamSource } from './read-source.js';
import { invalidArgument, streamDeleted } from './refusal.js';
import { Subscription } from './subscription.js';
import { eventAnswer, streamNotFound } from './wire.js';

const PAGE = 128;
const BACKWARDS = streamsPb.ReadReq.Options.ReadDirection.BACKWARDS;
type Start = 'start' | 'end' | number;
type Pages = Generator<readonly StoredEvent[]>;

/** `Read`: a stream or all, once or as a subscription. */
export const serveRead = (facade: Facade) => (call: ReadCall): void => {
  const options = call.request.getOptions();
  const stream = options?.getStream();
  const all = options?.getAll();
  if (options === undefined || (stream === undefined && all === undefined)) refuse(call, invalidArgument('A read is of a stream or of all.'));
  else if (stream !== undefined) serveStream(facade, call, options, stream);
  else if (all !== undefined) serveAll(facade, call, options, all);
};

const serveStream = (facade: Facade, call: ReadCall, options: ReadReq.Options, of: ReadReq.Options.StreamOptions): void => {
  const { engine } = facade;
  const stream = nameOf(of.getStreamIdentifier()?.getStreamName_asU8());
  const from: Start = of.hasStart() ? 'start' : of.hasEnd() ? 'end' : Number(of.getRevision());
  admit(facade, call, options.hasSubscription() ? 'subscription' : 'read', [stream], [], (gate) => {
    const state = engine.state(stream);
    if (state.tombstoned || engine.state(originalOf(stream) ?? stream).tombstoned) return gate.open(() => refuse(call, streamDeleted(stream)));
    if (options.hasSubscription()) {
      const after = from === 'start' ? -1 : from === 'end' ? state.head : from;
      return run(facade, new Subscription(facade, call, { source: streamSource(engine, stream), from: after, checkpointEvery: undefined, actions: gate.actions }).run());
    }
    if (state.head === NO_STREAM || isSoftDeleted(state)) {
      return gate.open(() => {
        call.write(streamNotFound(stream));
        call.end();
      });
    }
    gate.open(() => run(facade, send(call, streamPages(engine, stream, from, options.getReadDirection() === BACKWARDS), Number(options.getCount()))));
  });
};

const serveAll = (facade: Facade, call: ReadCall, options: ReadReq.Options, of: ReadReq.Options.AllOptions): void => {
  const { engine } = facade;
  const from: Start = of.hasStart() ? 'start' : of.hasEnd() ? 'end' : Number(of.getPosition()?.getCommitPosition());
  const filter = filterOf(options);
  admit(facade, call, options.hasSubscription() ? 'subscription' : 'read', filter?.streams ?? [], [], (gate) => {
    // What lies behind the end is not there yet; what lies between two records never will be.
    if (typeof from === 'number' && from > 0 && from <= engine.last && !engine.exists(from)) return gate.open(() => refuse(call, invalidArgument('The position is that of no record.')));
    if (options.hasSubscription()) {
      const after = from === 'start' ? 0 : from === 'end' ? engine.last : from;
      return run(facade, new Subscription(facade, call, { source: allSource(engine, filter), from: after, checkpointEvery: filter?.checkpointEvery, actions: gate.actions }).run());
    }
    const wanted = (event: StoredEvent): boolean => filter === undefined || filter.wants(event.stream, event.type);
    gate.open(() => run(facade, send(call, allPages(engine, from, options.getReadDirection() === BACKWARDS, wanted), Number(options.getCount()))));
  });
};

/** From a revision on, with it. */
function* streamPages(engine: Engine, stream: string, from: Start, backward: boolean): Pages {
  for (let next = from === 'start' ? 0 : from === 'end' ? DELETED_REVISION : from; next >= 0; ) {
    const state = engine.state(stream);
    const low = backward ? firstReadable(state) : Math.max(next, firstReadable(state));
    const high = backward ? Math.min(next, state.head) : state.head;
    const events = low > high ? [] : engine.ofStream(stream, low, high, PAGE, backward);
    const last = events.at(-1);
    if (last === undefined) return;
    yield events;
    next = last.revision + (backward ? -1 : 1);
  }
}

/** Forward with the event at a position, backward without it. */
function* allPages(engine: Engine, from: Start, backward: boolean, wanted: (event: StoredEvent) => boolean): Pages {
  for (let next = from === 'start' ? 0 : from === 'end' ? Number.MAX_SAFE_INTEGER : backward ? from : from - 1; ; ) {
    const events = backward ? engine.before(next, PAGE) : engine.after(next, PAGE);
    const last = events.at(-1);
    if (last === undefined) return;
    yield events.filter(wanted);
    next = last.position;
  }
}

const send = async (call: ReadCall, pages: Pages, count: number): Promise<void> => {
  const outlet = new Outlet(call);
  let left = count;
  for (const page of pages) {
    for (const event of page) {
      if (left === 0 || !outlet.open) break;
      left -= 1;
      const full = outlet.write(eventAnswer(event));
      if (full !== undefined) await full;
    }
    if (left === 0 || !outlet.open) break;
  }
  outlet.end();
};

/** A defect of the facade ends the process, or the test: nothing of it is to be taken for an answer of a server. */
const run = ({ engine }: Facade, work: Promise<void>): void =>
  void work.catch((error: unknown) =>
    queueMicrotask(() => {
      // Who still reads when the facade is closed finds no file.
      if (!engine.closed) throw error;
    }),
  );
