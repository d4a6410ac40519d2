import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import type { AllStreamSubscription, AppendExpectedRevision, AppendResult, EventData, StreamSubscription } from '@eventstore/db-client';
import { startFacade } from './facade.js';
import type { Facade, FacadeOptions } from './facade.js';

export const PATHS = ['batch', 'classic'] as const;
export type AppendPath = (typeof PATHS)[number];

/** With credentials the client appends the classic way; without TLS they go no further. */
export const onPath = (path: AppendPath): { readonly credentials?: { readonly username: string; readonly password: string } } =>
  path === 'classic' ? { credentials: { username: 'admin', password: 'changeit' } } : {};

export const someEvent = (type = 'happened', data: Readonly<Record<string, unknown>> = {}): EventData => jsonEvent({ type, data });
export const someEvents = (count: number, type = 'happened'): EventData[] => Array.from({ length: count }, (_, n) => someEvent(type, { n }));

export interface Opened {
  readonly facade: Facade;
  readonly client: EventStoreDBClient;
  append(path: AppendPath, stream: string, events: EventData | EventData[], expectedRevision?: AppendExpectedRevision, deadline?: number): Promise<AppendResult>;
  /** Types of the events of a stream, in order; none of a missing one. */
  types(stream: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A facade in memory and the unmodified client. */
export const openFacade = async (options: FacadeOptions = {}): Promise<Opened> => {
  const facade = await startFacade(options);
  const client = EventStoreDBClient.connectionString(facade.url);
  return {
    facade,
    client,
    append: (path, stream, events, expectedRevision = 'any', deadline = 5_000) => client.appendToStream(stream, events, { expectedRevision, deadline, ...onPath(path) }),
    types: async (stream) => {
      const types: string[] = [];
      try {
        for await (const { event } of client.readStream(stream)) if (event !== undefined) types.push(event.type);
      } catch (error) {
        if (!(error instanceof Error) || error.constructor.name !== 'StreamNotFoundError') throw error;
      }
      return types;
    },
    close: async () => {
      await client.dispose();
      await facade.close();
    },
  };
};

/** The error with which a call ends. @throws when it does not */
export const errorOf = async (call: Promise<unknown>): Promise<Error & { readonly code?: unknown }> => {
  const outcome = await call.then(() => undefined, (error: unknown) => error);
  if (!(outcome instanceof Error)) throw new Error('it went well');
  return outcome;
};
/** The name of the class, which the client does not put into the error itself. */
export const classOf = async (call: Promise<unknown>): Promise<string> => (await errorOf(call)).constructor.name;

/** What a subscription brought, in the order in which it came. */
export interface Followed {
  readonly subscription: AllStreamSubscription | StreamSubscription;
  /** `stream@revision` of events, `caughtUp`, `checkpoint`. */
  readonly log: string[];
  /** Resolves once so many events have come. */
  events(count: number): Promise<void>;
  caughtUp(count: number): Promise<void>;
  /** The error with which it broke, undefined when it ended without one. */
  readonly ended: Promise<(Error & { readonly code?: unknown }) | undefined>;
}

export const follow = (subscription: AllStreamSubscription | StreamSubscription): Followed => {
  const log: string[] = [];
  const waiting = new Set<() => void>();
  const tell = (line: string): void => {
    log.push(line);
    for (const check of waiting) check();
  };
  const until = (count: number, counts: (line: string) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (log.filter(counts).length < count) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  subscription.on('data', (resolved: { readonly event?: { readonly streamId: string; readonly revision: bigint } }) => tell(`${resolved.event?.streamId}@${resolved.event?.revision}`));
  subscription.on('caughtUp', () => tell('caughtUp'));
  const ended = new Promise<Error | undefined>((resolve) => {
    subscription.once('error', resolve);
    subscription.once('end', () => resolve(undefined));
  });
  return { subscription, log, ended, events: (count) => until(count, (line) => line.includes('@')), caughtUp: (count) => until(count, (line) => line === 'caughtUp') };
};
