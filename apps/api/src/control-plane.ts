import type { StreamStates } from '#eventing/stream-states.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Chain } from '#administration/domain/control-plane/decide.js';
import type { ControlPlaneEvent, ControlPlaneState, Seen } from '#administration/contract.js';
import { directoryOf, initialControlPlane, resolvePolicies } from '#administration/contract.js';
import type { ControlPlane, ControlPlaneView } from '#operations/contract.js';
import { withMinimum } from '#policies/contract.js';

/** How operations look at a state of the control plane. @param sightings what tokens told of people lately */
export function viewOf(state: ControlPlaneState, sightings: Seen): ControlPlaneView {
  return {
    directory: directoryOf(state, sightings),
    mutualWithinDays: state.separation.mutualWithinDays,
    resolve(source) {
      const policies = resolvePolicies(state, source);
      if (policies instanceof DomainError) throw policies;
      // A genesis names the weakest proof that counts: what is asked for and pinned is what signers will ask for.
      const minimum = state.genesis?.minimumProof ?? 'token';
      return policies.map((one) => ({ ...one, policy: withMinimum(one.policy, minimum) }));
    },
    sessionNames: (keyId, now) =>
      [...state.sessions.values()].some((s) => s.closed === null && s.openedAt <= now && now < s.endsAt && s.grants.some((g) => g.action === 'sign' && g.resource === keyId)),
  };
}

/**
 * The control plane of the api, read from its own stream.
 * @param stream the control plane's @param publicUrl whom signed decisions are for, unless a genesis says it
 */
export function followedControlPlane(states: StreamStates<ControlPlaneEvent, Chain>, stream: string, sightings: Seen, publicUrl: string): ControlPlane {
  let seen: { readonly state: ControlPlaneState; readonly view: ControlPlaneView } | undefined;
  const viewed = (state: ControlPlaneState): ControlPlaneView => {
    if (seen?.state !== state) seen = { state, view: viewOf(state, sightings) };
    return seen.view;
  };
  return {
    fresh: async () => viewed((await states.fresh(stream)).state.plane),
    known: () => viewed(states.cached(stream)?.state.plane ?? initialControlPlane),
    get relying() {
      const genesis = states.cached(stream)?.state.plane.genesis;
      const { hostname, origin } = new URL(publicUrl);
      return genesis === null || genesis === undefined ? { audience: publicUrl, rpId: hostname, origin } : { audience: genesis.origin, rpId: genesis.rpId, origin: genesis.origin };
    },
  };
}
