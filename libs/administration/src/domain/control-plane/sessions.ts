import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { Act } from './act.js';
import type { Effect, SessionGrant } from './effects.js';
import { MAX_TEXT, readObject } from './members.js';
import type { Checked } from './members.js';
import { ID_MESSAGE, ID_PATTERN } from './people.js';
import type { ControlPlaneState, SessionState } from './state.js';

export const MAX_SESSION_MS = 7 * 86_400_000;
const MIN_SESSION_MS = 60_000;
const MAX_GRANTS = 50;
const MAX_USES = 1_000_000;
const ADMINISTER = /^(?:GET|POST|PUT|DELETE) \/v1(?:\/[^/\s*?#]+|\/\*)+$/;

export const readSession = (body: unknown): Checked<Effect> =>
  readObject(body, '', (m) => ({ type: 'session-opened', purpose: m.text('purpose', 1, MAX_TEXT), validMs: m.integer('validMs', MIN_SESSION_MS, MAX_SESSION_MS), grants: m.list('grants', MAX_GRANTS, readGrant, 1) }));

const readGrant = (value: unknown, at: string): Checked<SessionGrant> =>
  readObject<SessionGrant>(value, at, (m) => {
    const action = m.oneOf('action', ['administer', 'sign']);
    if (action === 'sign') return { action, resource: m.fitting('resource', ID_PATTERN, `${ID_MESSAGE}: that of a key`), maxUsageCount: m.integer('maxUsageCount', 1, MAX_USES) };
    return { action, resource: m.fitting('resource', ADMINISTER, "must be a method and a path, as in 'PUT /v1/roster/*'") };
  });

/** By the clock and by the acts. @param now closing time (rule 14) */
export const isOpen = (session: SessionState, now: Instant): boolean => session.closed === null && now < session.endsAt;

/** Whether its grants cover an act. A `*` stands for one whole segment of a path. */
export function covers({ grants }: SessionState, { method, path }: Pick<Act, 'method' | 'path'>): boolean {
  const wanted = path.split('/');
  return grants.some((grant) => {
    if (grant.action !== 'administer') return false;
    const [allowedMethod, allowedPath = ''] = grant.resource.split(' ');
    const allowed = allowedPath.split('/');
    return allowedMethod === method && allowed.length === wanted.length && allowed.every((segment, i) => segment === '*' || segment === wanted[i]);
  });
}

/** An open session of his that covers the act; the one that lasts longest. */
export function sessionFor(state: ControlPlaneState, by: Actor, act: Pick<Act, 'method' | 'path'>, now: Instant): SessionState | undefined {
  return [...state.sessions.values()].filter((s) => sameActor(s.openedBy, by) && isOpen(s, now) && covers(s, act)).sort((a, b) => (a.endsAt < b.endsAt ? 1 : -1))[0];
}
