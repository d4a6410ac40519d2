/** One event as it is stored. `created` is in ms; the server made those whose type begins with `$`. */
export interface StoredEvent {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly json: boolean;
  readonly created: number;
  readonly metadata: Uint8Array;
  readonly data: Uint8Array;
}
export type ProposedEvent = Pick<StoredEvent, 'id' | 'type' | 'json' | 'metadata' | 'data'>;

/** Stands for the revision 2^63 - 1, which no number holds: that of a tombstone, and of the `$tb` of a soft-deleted stream. */
export const DELETED_REVISION = Number.MAX_SAFE_INTEGER;
export const NO_STREAM = -1;

/** -1 expects that there is no stream. */
export type Expected = number | 'any' | 'stream-exists';

export interface Append {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly ProposedEvent[];
}

export type Outcome =
  /** Written now or earlier. Without a position when what was written earlier can't be read any more, or when nothing was sent. */
  | { readonly kind: 'written'; readonly revision: number; readonly position: number | undefined }
  | { readonly kind: 'wrong-version'; readonly actual: number }
  | { readonly kind: 'stream-deleted' }
  /** The disk did not do its part: it may or may not have been written. */
  | { readonly kind: 'failed'; readonly reason: string };

export const eventBytes = (event: StoredEvent): number => event.data.length + event.metadata.length + event.stream.length + event.type.length + event.id.length;
