/** A folded state at one event of a stream: a local cache that may be lost or deleted at any time. */
export interface Snapshot {
  readonly stream: string;
  readonly revision: number;
  /** Id of the event at `revision`: a snapshot whose event is not there is not used. */
  readonly eventId: string;
  /** Changes with the shape of the state: another one is not used. */
  readonly version: string;
  /** JSON. */
  readonly state: string;
}

/** Keeps the newest snapshot of a stream. Each process reads only what it wrote itself (rule 21). */
export interface SnapshotStore {
  load(stream: string): Snapshot | undefined;
  save(snapshot: Snapshot): void;
}
