/** Streams of this adapter itself; no application stream has a colon in its category. */
const RESERVED = 'countersign:';
export const IDENTITY_STREAM = `${RESERVED}store-identity`;
export const PRESENCE_STREAM = `${RESERVED}presence`;

/** Streams that applications neither see nor write: the server's own, and this adapter's. */
export const isHidden = (stream: string): boolean => stream.startsWith('$') || stream.startsWith(RESERVED);
