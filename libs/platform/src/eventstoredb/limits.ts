/** An append that was not answered after this long has an unknown outcome. */
export const APPEND_DEADLINE_MS = 5_000;
/** How much longer the client may take to say that its own deadline passed. */
export const DEADLINE_GRACE_MS = 1_000;
/** A resend starts so long after its predecessor ended: sent together, one of two identical appends may be dropped without an answer. */
export const RESEND_GAP_MS = 50;
/** One page of a read is there after this long, or the read failed. */
export const READ_TIMEOUT_MS = 10_000;
/** How long a call waits until a cluster told who its leader is. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** A close waits so long for what was cancelled. */
export const CLOSE_TIMEOUT_MS = 2_000;
/** Tries of one call: another node is the leader, or the connection had broken before it. */
export const ATTEMPTS = 3;
export const ATTEMPT_PAUSE_MS = 50;
/** Events of one answer. */
export const PAGE_EVENTS = 1_000;
/** A first look backward from the end. */
export const FIRST_LOOK_EVENTS = 20;
/** Events that wait for a consumer: from the upper bound on none are taken off the connection, until only the lower one is left. */
export const QUEUE_EVENTS = 1_000;
export const QUEUE_LOW_EVENTS = 500;
/** Subscriptions in a row that ended as too slow without having brought one event: from then on it is a fault. */
export const IDLE_RESUBSCRIPTIONS = 3;
/** The server tells how far it looked after so many times 32 events that a filter left out. */
export const CHECKPOINT_WINDOWS = 32;
/** Appends with an unknown outcome that are remembered until they are sent again. */
export const REMEMBERED_APPENDS = 10_000;
/** What the server keeps of reports of presence: as many seconds, and as many reports. */
export const PRESENCE_MAX_AGE_S = 60;
export const PRESENCE_MAX_COUNT = 1_000;
/** Reports that are looked at by who begins to follow. */
export const PRESENCE_READ = 200;
/** Back-off of a follower of presence. */
export const FIRST_PAUSE_MS = 50;
export const LAST_PAUSE_MS = 5_000;
