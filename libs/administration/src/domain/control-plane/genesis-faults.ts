import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import type { InputFault } from '#kernel/domain-error.js';
import { accountKey } from '#identity/contract.js';
import { activeAdministrators } from './administrators.js';
import { evolveControlPlane } from './evolve.js';
import { readGenesis } from './genesis.js';
import type { Genesis, GenesisDocument } from './genesis.js';
import { personOf } from './people-of.js';
import { resolvePolicies } from './resolve-policies.js';
import { sameKey } from './same-key.js';
import { ADMINISTRATORS, initialControlPlane } from './state.js';
import type { ControlPlaneState } from './state.js';

/** All that is wrong with a genesis: its shape, and when that is right, what must hold between its parts. `[]`: it may be laid. */
export function genesisFaults(document: GenesisDocument): readonly InputFault[] {
  const read = readGenesis(document);
  if ('faults' in read) return read.faults;
  const genesis = read.value;
  const state = evolveControlPlane(initialControlPlane, { type: 'administration.genesis-laid.v1', data: { document, digest: '' } });
  return [...originFaults(genesis), ...issuerFaults(genesis), ...peopleFaults(genesis), ...administratorFaults(genesis, state), ...credentialFaults(genesis), ...partFaults(genesis), ...keyFaults(genesis, state)];
}

/** Browsers let a page at `origin` ask for a relying party that it is, or is below (WebAuthn Level 3, 5.1.3). */
function originFaults({ rpId, origin }: Genesis): readonly InputFault[] {
  const host = origin.replace(/^https?:\/\//, '').replace(/:\d+$/, '');
  return host === rpId || host.endsWith(`.${rpId}`) ? [] : [{ path: '/rpId', message: `must be ${host}, or a domain that it is in` }];
}

/** Whom no issuer here names could never say who he is. */
function issuerFaults({ administrators, credentials, issuers }: Genesis): readonly InputFault[] {
  const isKnown = (one: Actor): boolean => issuers.some(({ issuer }) => issuer === one.issuer);
  const fault = (path: string): InputFault => ({ path, message: 'is of an issuer that `issuers` does not name' });
  return [
    ...administrators.flatMap((one, i) => (isKnown(one) ? [] : [fault(`/administrators/${i}/issuer`)])),
    ...credentials.flatMap(({ owner }, i) => (isKnown(owner) ? [] : [fault(`/credentials/${i}/owner/issuer`)])),
  ];
}

function peopleFaults({ people, rosters }: Genesis): readonly InputFault[] {
  const accounts = people.flatMap(({ accounts: own }, i) => own.map((account, j) => ({ key: accountKey(account), path: `/people/${i}/accounts/${j}` })));
  return [
    ...twice(people.map((one) => one.personId), (i) => `/people/${i}/personId`, 'is there twice'),
    ...twice(accounts.map((one) => one.key), (i) => accounts[i]?.path ?? '', 'belongs to another person too: an account is one human’s'),
    ...twice(rosters.map((one) => one.group), (i) => `/rosters/${i}/group`, 'is there twice'),
    ...rosters.flatMap(({ group }, i) => (group === ADMINISTRATORS ? [{ path: `/rosters/${i}/group`, message: 'is what `administrators` says' }] : [])),
  ];
}

/** N others must be there for every one who asks: fewer, and one loss locks all of them out. */
function administratorFaults({ administrators, quorum, credentials }: Genesis, state: ControlPlaneState): readonly InputFault[] {
  const faults: InputFault[] = administrators.flatMap((one, i) => (credentials.some((c) => sameActor(c.owner, one)) ? [] : [{ path: `/administrators/${i}`, message: 'has no credential' }]));
  const humans = administrators.map((one) => personOf(state, one));
  faults.push(...twice(humans, (i) => `/administrators/${i}`, 'is a human who is there already'));
  const able = activeAdministrators(state).size;
  if (able < quorum + 1) faults.push({ path: '/administrators', message: `are ${able} humans with credentials: a quorum of ${quorum} needs ${quorum + 1}` });
  return faults;
}

/** One key for two people would be one human who fills two slots. */
function credentialFaults({ credentials }: Genesis): readonly InputFault[] {
  return [
    ...twice(credentials.map((one) => one.credentialId), (i) => `/credentials/${i}/credentialId`, 'is there twice'),
    ...credentials.flatMap(({ key }, i) => (credentials.slice(0, i).some((other) => sameKey(other.key, key)) ? [{ path: `/credentials/${i}/key`, message: 'is that of another credential' }] : [])),
  ];
}

const partFaults = ({ policies, levels }: Genesis): readonly InputFault[] => [
  ...twice(policies.map((one) => one.name), (i) => `/policies/${i}/name`, 'is there twice'),
  ...twice(levels.map((one) => one.level), (i) => `/levels/${i}/level`, 'is there twice'),
];

function keyFaults({ keys }: Genesis, state: ControlPlaneState): readonly InputFault[] {
  const evidence = keys.some((key) => key.purpose === 'evidence') ? [] : [{ path: '/keys', message: 'has no key of purpose evidence' }];
  const unresolved = keys.flatMap(({ policy }, i) => {
    const resolved = resolvePolicies(state, policy);
    return resolved instanceof DomainError ? [{ path: `/keys/${i}/approvalPolicy`, message: resolved.detail }] : [];
  });
  return [...twice(keys.map((key) => key.keyId), (i) => `/keys/${i}/keyId`, 'is there twice'), ...unresolved, ...evidence];
}

function twice(names: readonly string[], path: (i: number) => string, message: string): readonly InputFault[] {
  return names.flatMap((name, i) => (names.indexOf(name) < i ? [{ path: path(i), message }] : []));
}
