import { randomUUID } from 'node:crypto';
import type { FaultAction } from '../faults/fault.js';
import type { EventCounts } from '../faults/fault-book.js';
import type { Follower } from '../engine/engine.js';
import type { StoredEvent } from '../engine/record.js';
import type { Facade } from './call.js';
import { Outlet } from './outlet.js';
import type { ReadCall } from './outlet.js';
import type { Source } from './read-source.js';
import { tooSlow, unavailable, unknown } from './refusal.js';
import { CAUGHT_UP, checkpoint, confirmation, eventAnswer } from './wire.js';

/** Events that are read at once; a live subscription that has more behind it has fallen back to catching up. */
const PAGE = 32;

export interface Subscribing {
  readonly source: Source;
  /** What comes after it is sent. */
  readonly from: number;
  /** Considered events between two checkpoints; undefined without a filter. */
  readonly checkpointEvery: number | undefined;
  /** What befalls the subscription as a whole. */
  readonly actions: readonly FaultAction[];
}

/** Catches up, says so, and follows, until the reader goes. */
export class Subscription {
  readonly #outlet: Outlet;
  readonly #counts: EventCounts = new Map();
  readonly #follower: Follower;
  #cursor: number;
  #live = false;
  #sinceCheckpoint = 0;
  #wake: (() => void) | undefined;

  constructor(private readonly facade: Facade, private readonly call: ReadCall, private readonly subscribing: Subscribing) {
    this.#cursor = subscribing.from;
    this.#follower = () => this.#committed();
    this.#outlet = new Outlet(call, () => {
      facade.engine.followers.delete(this.#follower);
      this.#wake?.();
    });
    if (this.#outlet.open) facade.engine.followers.add(this.#follower);
  }

  async run(): Promise<void> {
    const { source, checkpointEvery } = this.subscribing;
    await this.#outlet.write(confirmation(randomUUID()));
    while (this.#outlet.open) {
      const step = source.next(this.#cursor, checkpointEvery === undefined ? PAGE : checkpointEvery - this.#sinceCheckpoint);
      if (step.considered === 0) {
        if (!this.#live) await this.#caughtUp();
        else await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      for (const event of step.events) {
        if (this.#outlet.open) await this.#send(event);
      }
      this.#cursor = step.cursor;
      if (this.#live && step.events.length >= PAGE) this.#live = false;
      if (checkpointEvery !== undefined) await this.#considered(step.considered, checkpointEvery);
    }
  }

  #committed(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    if (this.#live && this.#outlet.open) {
      for (const action of this.subscribing.actions) {
        if (action.kind === 'too-slow' && this.subscribing.source.waiting(this.#cursor, action.waiting) >= action.waiting) this.#outlet.refuse(tooSlow());
      }
    }
    wake?.();
  }

  async #caughtUp(): Promise<void> {
    this.#live = true;
    // How far it has come is also how far it was looked through: an empty store has no position to tell.
    if (this.subscribing.checkpointEvery !== undefined && this.#cursor > 0) {
      this.#sinceCheckpoint = 0;
      await this.#outlet.write(checkpoint(this.#cursor));
    }
    const count = this.subscribing.actions.reduce((most, action) => (action.kind === 'caught-up' ? Math.max(most, action.count) : most), 1);
    for (let time = 0; time < count; time += 1) await this.#outlet.write(CAUGHT_UP);
  }

  async #considered(count: number, checkpointEvery: number): Promise<void> {
    this.#sinceCheckpoint += count;
    if (this.#sinceCheckpoint < checkpointEvery) return;
    this.#sinceCheckpoint = 0;
    await this.#outlet.write(checkpoint(this.#cursor));
  }

  async #send(event: StoredEvent): Promise<void> {
    let times = 1;
    for (const action of this.facade.faults.strikeEvent(this.#counts, event.stream, event.type)) {
      if (action.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, action.ms).unref());
      else if (action.kind === 'twice') times = 2;
      else if (action.kind === 'drop-subscription') return this.#drop(action.as);
    }
    for (let time = 0; time < times; time += 1) {
      const full = this.#outlet.write(eventAnswer(event));
      if (full !== undefined) await full;
    }
  }

  #drop(as: Extract<FaultAction, { kind: 'drop-subscription' }>['as']): void {
    switch (as) {
      case 'unavailable': return this.#outlet.refuse(unavailable());
      case 'too-slow': return this.#outlet.refuse(tooSlow());
      case 'unknown': return this.#outlet.refuse(unknown('The subscription was dropped.'));
      case 'end': return this.#outlet.end();
      case 'cut': return this.facade.connections.cut(this.call.getPeer());
    }
  }
}
