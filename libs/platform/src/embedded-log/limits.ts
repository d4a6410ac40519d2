/** Appends of one transaction: as many as wait, up to this number or these bytes. */
export const GROUP_APPENDS = 256;
export const GROUP_BYTES = 4 * 1024 * 1024;
/** One answer: at most this many events, and no further event once it holds these bytes. */
export const PAGE_EVENTS = 500;
export const PAGE_BYTES = 1024 * 1024;
/** One step of a scan looks through this range of positions. An event takes POSITION_STEP and its length, so this bounds rows and bytes. */
export const SCAN_WINDOW = 4 * 1024 * 1024;
export const POSITION_STEP = 128;
/** Events kept in memory for live delivery. */
export const RECENT_EVENTS = 4_096;
export const RECENT_BYTES = 8 * 1024 * 1024;
/** Streams whose head the writer remembers. */
export const CACHED_HEADS = 20_000;
/** Prefixes of one read or subscription. */
export const MAX_PREFIXES = 32;
/** The write-ahead log is folded into the database after about this much. */
export const CHECKPOINT_BYTES = 4 * 1024 * 1024;
/** Appends of one client that were not answered yet. */
export const WAITING_APPENDS = 10_000;
export const WAITING_BYTES = 64 * 1024 * 1024;
/** Reads of one client that were not answered yet. */
export const WAITING_READS = 10_000;
/** How long the thread serves reads before it looks for appends again. */
export const READ_SLICE_MS = 3;
export const DEFAULT_TIMEOUT_MS = 10_000;
/** How long a start waits for the thread to open the log: recovery folds in what a crash left. */
export const OPEN_TIMEOUT_MS = 60_000;
/** The thread's heap for what lives shortly: it keeps next to nothing, so a small one is as fast. */
export const YOUNG_MB = 24;
/** Pages (of 4 KiB) of a backup that are copied before appends and reads have their turn again. */
export const COPIED_PAGES = 128;
