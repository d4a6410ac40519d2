import type { EventStore, ExpectedRevision, RecordedEvent } from '#eventing/event-store.port.js';
import { randomId } from '#eventing/ids.js';
import type { Actor } from '#kernel/actor.js';

/** Appends events one after the other at the head of their streams. */
export class SeededEvents {
  private readonly heads = new Map<string, ExpectedRevision>();
  constructor(private readonly store: EventStore, private readonly actor: Actor = { issuer: 'https://idp.example', subject: 'somebody' }) {}

  async add(stream: string, event: { readonly type: string; readonly data: unknown }, about: { readonly at?: string; readonly actor?: Actor } = {}): Promise<void> {
    const metadata = { commandId: randomId(), actor: about.actor ?? this.actor, at: about.at ?? '2026-01-01T00:00:00.000Z' };
    const { revision } = await this.store.append(stream, this.heads.get(stream) ?? 'no-stream', [{ id: randomId(), ...event, metadata }]);
    this.heads.set(stream, revision);
  }

  /** Everything in the store, oldest first. */
  all(): Promise<readonly RecordedEvent[]> {
    return this.store.readAll({ limit: 1_000_000 });
  }
}
