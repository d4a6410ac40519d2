import { DomainError } from '#kernel/domain-error.js';
import type { Actor } from '#kernel/actor.js';
import { Member, Named, listOf, ref } from '#platform/http/schema/json-schema.js';
import { ActorBody } from '#platform/http/schema/people.schema.js';
import { COUNT, TEXT } from '#platform/http/schema/texts.js';
import type { ControlPlaneState } from '../../domain/control-plane/state.js';

const plain = (accounts: readonly Actor[]): readonly ActorBody[] => accounts.map(({ issuer, subject }) => ({ issuer, subject }));

@Named('Roster', 'Who fills slots of a group in policies that ask for a proof; groups in tokens can narrow it, never widen')
export class RosterBody {
  @Member(TEXT) readonly group: string;
  @Member(listOf(ref(ActorBody))) readonly members: readonly ActorBody[];
}
/** A group that nobody ever spoke of has nobody in it. */
export const rosterBody = (group: string, { rosters }: ControlPlaneState): RosterBody => ({ group, members: plain(rosters.get(group) ?? []) });

@Named('PersonLinks', 'One human: his accounts, and the machines whose operations he never approves')
export class PersonLinksBody {
  @Member(TEXT) readonly personId: string;
  @Member(listOf(ref(ActorBody))) readonly accounts: readonly ActorBody[];
  @Member(listOf(ref(ActorBody))) readonly owns: readonly ActorBody[];
  @Member({ type: 'string', enum: ['active', 'suspended'] }) readonly status: 'active' | 'suspended';
}
/** @throws DomainError NOT_FOUND */
export function personBody(personId: string, { people }: ControlPlaneState): PersonLinksBody {
  const person = people.get(personId);
  if (person === undefined) throw new DomainError('NOT_FOUND', 'there is no such person');
  return { personId, accounts: plain(person.accounts), owns: plain(person.owns), status: person.status };
}

@Named('Separation', 'Who never decides together')
export class SeparationBody {
  @Member(listOf(listOf(TEXT), { description: 'No one in both groups of a pair decides' })) readonly exclusive: readonly (readonly string[])[];
  @Member({ ...COUNT, description: 'Days in which two people do not approve each other’s operations' }) readonly mutualWithinDays: number;
}
export const separationBody = ({ separation }: ControlPlaneState): SeparationBody => ({ exclusive: separation.exclusive.map((pair) => [...pair]), mutualWithinDays: separation.mutualWithinDays });

export const EXAMPLE_ROSTER: RosterBody = { group: 'firmware-approvers', members: [{ issuer: 'https://idp.example', subject: 'ana' }] };
export const EXAMPLE_PERSON: PersonLinksBody = { personId: 'ana', accounts: [{ issuer: 'https://idp.example', subject: 'ana' }], owns: [{ issuer: 'https://idp.example', subject: 'repo:acme/firmware' }], status: 'active' };
export const EXAMPLE_SEPARATION: SeparationBody = { exclusive: [['developers', 'firmware-approvers']], mutualWithinDays: 7 };
