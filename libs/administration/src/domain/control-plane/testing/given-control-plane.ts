import type { Actor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import { newKeyPair } from '#test/fixtures/key-pair.js';
import type { SignedDecision } from '../act.js';
import type { ActCommand, ControlPlaneCommand } from '../commands.js';
import { decideControlPlane } from '../decide.js';
import { effectOf } from '../effect-of.js';
import { evolveControlPlane } from '../evolve.js';
import type { ControlPlaneEvent } from '../events.js';
import type { GenesisDocument } from '../genesis.js';
import { initialControlPlane } from '../state.js';
import type { ControlPlaneState } from '../state.js';

export const ISSUER = 'https://idp.example';
export const account = (subject: string): Actor => ({ issuer: ISSUER, subject });
export const [ADA, BEN, CYD, DAN, EVE] = ['ada', 'ben', 'cyd', 'dan', 'eve'].map(account) as [Actor, Actor, Actor, Actor, Actor];
export const HEAD = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
export const at = (hhmm: string): string => `2026-11-20T${hhmm}:00.000Z`;
const keys = new Map<string, unknown>();
/** One Ed25519 key for each name. */
const jwk = (name: string) => {
  const publicJwk = keys.get(name) ?? newKeyPair('EdDSA').publicJwk;
  keys.set(name, publicJwk);
  return { type: 'jwk', publicJwk };
};
export const credential = (name: string) => ({ credentialId: `${name}-key`, owner: account(name), label: `${name}'s`, key: jwk(name) });

export const genesis = (over: Readonly<Record<string, unknown>> = {}): GenesisDocument => ({
  type: 'countersign/genesis/v1', deployment: 'd1', createdAt: at('10:00'), rpId: 'countersign.example', origin: 'https://countersign.example', minimumProof: 'signature', quorum: 2,
  administrators: [ADA, BEN, CYD, DAN], credentials: ['ada', 'ben', 'cyd', 'dan'].map(credential), people: [{ personId: 'p-ada', accounts: [ADA, account('ada-2')], owns: [account('ada-bot')] }],
  rosters: [{ group: 'fw', members: [EVE] }], policies: [{ name: 'two', policy: { type: 'approvers', count: 2, group: 'fw' } }], levels: [], separation: { exclusive: [['a', 'b']], mutualWithinDays: 7 },
  issuers: [{ issuer: ISSUER, audience: 'countersign' }],
  keys: [{ keyId: 'evidence', purpose: 'evidence', algorithm: 'ES256', approvalPolicy: { type: 'none' } }, { keyId: 'fw-prod', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { ref: 'two' } }],
  ...over,
});
export const laid = (over: Readonly<Record<string, unknown>> = {}): ControlPlaneState =>
  evolveControlPlane(initialControlPlane, { type: 'administration.genesis-laid.v1', data: { document: genesis(over), digest: 'd'.repeat(64) } });

/** The state after acts that nobody asks about. */
export const after = (state: ControlPlaneState, ...acts: readonly (readonly [Actor, string, string, unknown])[]): ControlPlaneState =>
  acts.reduce((s, [by, method, path, body], i) => {
    const effect = effectOf(method, path, body);
    if ('faults' in effect) throw new Error(JSON.stringify(effect));
    return evolveControlPlane(s, { type: `administration.${effect.type}.v1`, data: { method, path, body, by, at: at('11:00'), previous: `${String(i).padStart(4, 'B')}${HEAD.slice(4)}`, authority: { type: 'direct' }, proof: null } });
  }, state);

type Over = Partial<Omit<ActCommand, 'act' | 'type'>>;
export const act = (by: Actor, method: string, path: string, body: unknown = {}, over: Over = {}): ActCommand => ({
  type: 'act', act: { method, path, body }, by, administrator: true, operation: null, proof: null, quorum: 1, now: at('12:00'), ...over,
});
/** With a proof over the present head. */
export const proven = (by: Actor, session: string | null = null): NonNullable<ActCommand['proof']> => ({ credentialId: `${by.subject}-key`, session, previous: HEAD, jws: 'e30.e30.AA' });
export const decisions = (...by: readonly Actor[]): readonly SignedDecision[] =>
  by.map((one) => ({ by: one, proof: { type: 'jws', challengeId: 'c', jws: 'j', credentialId: `${one.subject}-key`, statement: 's' } }));
export const operation = (...by: readonly Actor[]): NonNullable<ActCommand['operation']> => ({ type: 'operation', operationId: 'o1', statement: '{}', decisions: decisions(...by), expiresAt: '2026-11-27T12:00:00.000Z' });

/** given(state).when(command).then(type, data) */
export const given = (state: ControlPlaneState = initialControlPlane) => ({
  when: (command: ControlPlaneCommand) => {
    const decided = (): readonly ControlPlaneEvent[] | DomainError => {
      try {
        return decideControlPlane(command, { plane: state, head: HEAD });
      } catch (error) {
        if (error instanceof DomainError) return error;
        throw error;
      }
    };
    return {
      refuses: (code: string): void => expect(codeOf(decided())).toBe(code),
      nothing: (): void => expect(decided()).toEqual([]),
      then: (type: string, data: Readonly<Record<string, unknown>> = {}): void => expect(decided()).toMatchObject([{ type: `administration.${type}.v1`, data }]),
      events: (): readonly ControlPlaneEvent[] => {
        const events = decided();
        if (events instanceof DomainError) throw events;
        return events;
      },
      after: (): ControlPlaneState => {
        const events = decided();
        if (events instanceof DomainError) throw events;
        return events.reduce(evolveControlPlane, state);
      },
    };
  },
});
const codeOf = (decided: readonly ControlPlaneEvent[] | DomainError): string => (decided instanceof DomainError ? decided.code : `accepted: ${decided.map((e) => e.type).join()}`);

