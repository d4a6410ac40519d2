import type { ControlPlaneState } from '#administration/contract.js';
import type { Now } from '#operations/contract.js';
import { blocker } from '../../domain/sign-order/blocker.js';
import type { Blocker } from '../../domain/sign-order/blocker.js';

/** The session in which a root key is used, and how often it may be in it. */
export interface SessionUse {
  readonly sessionId: string;
  readonly atMost: number;
}

/** A key of purpose `root` signs only while a session that names it is open. The one that ends last is taken. */
export function rootSession({ sessions }: ControlPlaneState, keyId: string, now: Now): SessionUse | Blocker {
  const open = [...sessions.values()].filter((s) => s.closed === null && now.closing < s.endsAt).sort((a, b) => (a.endsAt < b.endsAt ? 1 : -1));
  for (const { sessionId, grants } of open)
    for (const grant of grants) if (grant.action === 'sign' && grant.resource === keyId) return { sessionId, atMost: grant.maxUsageCount };
  return blocker('WINDOW_CLOSED', `no administration session is open that names ${keyId}`, 'administrators');
}
