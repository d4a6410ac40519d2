import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { PolicySource } from '#policies/contract.js';
import type { Registered, RegistrationFailure, RegistrationRequested } from './events.js';

/** Time and ids are the command's, not the decider's. */
export type KeyCommand =
  | { readonly type: 'request-registration'; readonly registration: Omit<RegistrationRequested['data'], 'attempt' | 'requestedAt'>; readonly at: Instant }
  /** The signer's: the pair is in the token and claimed by this keyId. `attempt` is the registration's. */
  | { readonly type: 'complete-registration'; readonly attempt: number; readonly registered: Omit<Registered['data'], 'keyId'> }
  | { readonly type: 'fail-registration'; readonly attempt: number; readonly failure: RegistrationFailure }
  | { readonly type: 'change-policy'; readonly approvalPolicy: PolicySource; readonly by: Actor }
  | { readonly type: 'disable'; readonly reason: string; readonly by: Actor }
  | { readonly type: 'enable'; readonly reason: string; readonly by: Actor };
