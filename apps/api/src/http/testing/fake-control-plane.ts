import type { ActOutcome } from '#administration/application/act/administration.js';
import type { PerformActCommand } from '#administration/application/perform-act/perform-act.command.js';
import type { AdministrationSettings } from '#administration/application/settings.js';
import { effectOf, initialControlPlane } from '#administration/contract.js';
import type { Chain } from '#administration/domain/control-plane/decide.js';
import { acted } from '#administration/domain/control-plane/evolve.js';
import type { Folded } from '#eventing/stream-states.js';
import { invalid } from '#kernel/domain-error.js';

const HEAD = `${'A'.repeat(43)}=`;
export const SETTINGS: AdministrationSettings = { stream: 'controlPlane-d1', quorum: 1, sessionMaxMs: 28_800_000, issuers: [{ issuer: 'https://idp.example', audience: 'countersign', jwksUri: null, rolesClaim: 'roles', groupsClaim: 'groups', nameClaim: 'name', displayClaims: [], rules: [] }] };

/** A control plane in which everybody may do everything at once. */
export class FakeControlPlane {
  private folded: Folded<Chain> = { state: { plane: initialControlPlane, head: null }, revision: -1, eventId: null, at: null, answers: new Map(), doubts: 0 };

  read(): Folded<Chain> {
    return this.folded;
  }
  perform({ caller: { issuer, subject }, act: { method, path, body, proof } }: PerformActCommand): ActOutcome {
    const effect = effectOf(method, path, body);
    if ('faults' in effect) throw invalid(...effect.faults);
    const data = { method, path, body, by: { issuer, subject }, at: '2026-11-20T12:00:00.000Z', previous: this.folded.state.head, authority: { type: 'direct' as const }, proof };
    this.folded = { ...this.folded, state: { plane: acted(this.folded.state.plane, effect, data), head: HEAD }, revision: this.folded.revision + 1 };
    return { done: this.folded };
  }
}
