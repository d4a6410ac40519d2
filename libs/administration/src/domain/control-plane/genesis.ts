import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { TrustedIssuer } from '#identity/contract.js';
import { LEVELS, PROOF_KINDS } from '#policies/contract.js';
import type { Level, Policy, ProofKind } from '#policies/contract.js';
import { readEnrolment } from './credentials.js';
import type { Enrolment } from './credentials.js';
import type { PermittedKey } from './effects.js';
import { readIssuers } from './issuers.js';
import { readKey } from './keys.js';
import { MAX_QUORUM, MIN_QUORUM } from './limits.js';
import { readObject } from './members.js';
import type { Checked } from './members.js';
import { ID_MESSAGE, ID_PATTERN, readActors, readSeparation } from './people.js';
import { readForLevel, readNamedPolicy } from './policies.js';

export const GENESIS_TYPE = 'countersign/genesis/v1';

/** What a deployment begins with, as JSON: agreed on by people in one room, pinned by its digest, changed by acts alone. */
export type GenesisDocument = Readonly<Record<string, unknown>>;

/** What a genesis document says. */
export interface Genesis {
  /** The deployment's id, which every request statement names. */
  readonly deployment: string;
  readonly createdAt: Instant;
  /** WebAuthn's relying party. */
  readonly rpId: string;
  readonly origin: string;
  /** Weaker proofs of decisions count nowhere where a policy asks for proofs. */
  readonly minimumProof: ProofKind;
  readonly quorum: number;
  /** From then on the roster of ADMINISTRATORS. */
  readonly administrators: readonly Actor[];
  readonly credentials: readonly Enrolment[];
  readonly people: readonly { readonly personId: string; readonly accounts: readonly Actor[]; readonly owns: readonly Actor[] }[];
  readonly rosters: readonly { readonly group: string; readonly members: readonly Actor[] }[];
  readonly policies: readonly { readonly name: string; readonly policy: Policy }[];
  readonly levels: readonly { readonly level: Level; readonly policy: Policy }[];
  readonly separation: { readonly exclusive: readonly (readonly [string, string])[]; readonly mutualWithinDays: number };
  readonly issuers: readonly TrustedIssuer[];
  /** To be made by the signer. */
  readonly keys: readonly PermittedKey[];
}

const MAX_PARTS = 1_000;
const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const ORIGIN = /^https?:\/\/[a-z0-9.:[\]-]+$/;
const DEPLOYMENT = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Its shape; what must hold between its parts is `genesisFaults`' matter. Every member is there: what is pinned leaves nothing to a default. */
export const readGenesis = (document: unknown): Checked<Genesis> =>
  readObject(document, '', (m) => {
    m.oneOf('type', [GENESIS_TYPE]);
    return {
      deployment: m.fitting('deployment', DEPLOYMENT, 'must be the id of a deployment'),
      createdAt: m.instant('createdAt'),
      rpId: m.fitting('rpId', HOST, 'must be a host name'),
      origin: m.fitting('origin', ORIGIN, 'must be an origin, as in https://countersign.example'),
      minimumProof: m.oneOf('minimumProof', PROOF_KINDS),
      quorum: m.integer('quorum', MIN_QUORUM, MAX_QUORUM),
      administrators: readActors(m, 'administrators', 1),
      credentials: m.list('credentials', MAX_PARTS, readEnrolment),
      people: m.list('people', MAX_PARTS, readGenesisPerson),
      rosters: m.list('rosters', MAX_PARTS, readGenesisRoster),
      policies: m.list('policies', MAX_PARTS, readNamedPolicy),
      levels: m.list('levels', LEVELS.length, readGenesisLevel),
      separation: m.part('separation', readSeparation),
      issuers: readIssuers(m, 'issuers'),
      keys: m.list('keys', MAX_PARTS, readKey),
    };
  });

const readGenesisPerson = (value: unknown, at: string): Checked<Genesis['people'][number]> =>
  readObject(value, at, (m) => ({ personId: m.fitting('personId', ID_PATTERN, ID_MESSAGE), accounts: readActors(m, 'accounts', 1), owns: readActors(m, 'owns') }));
const readGenesisRoster = (value: unknown, at: string): Checked<Genesis['rosters'][number]> => readObject(value, at, (m) => ({ group: m.text('group'), members: readActors(m, 'members') }));
const readGenesisLevel = (value: unknown, at: string): Checked<Genesis['levels'][number]> =>
  readObject(value, at, (m) => ({ level: m.oneOf('level', LEVELS), policy: m.part('policy', readForLevel) }));

