import type { CommandMeta } from '#eventing/command-meta.js';
import type { Actor } from '#kernel/actor.js';

/** Identity alone: what else a caller's object carries is not stored in an event. */
export const actorOf = ({ actor }: CommandMeta): Actor => ({ issuer: actor.issuer, subject: actor.subject });
