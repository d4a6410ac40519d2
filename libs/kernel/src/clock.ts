/** Where time comes from. Tests hand in a fake one. */
export interface Clock {
  /** Milliseconds since the Unix epoch, as the operating system tells them; may jump. */
  wall(): number;
  /** Milliseconds since an arbitrary start; never jumps, never goes back. */
  monotonic(): number;
}

/** RFC 3339 in UTC with milliseconds. Of one width, so that two of them compare as strings. */
export type Instant = string;
