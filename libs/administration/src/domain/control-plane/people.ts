import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import type { InputFault } from '#kernel/domain-error.js';
import type { Effect } from './effects.js';
import { MAX_TEXT, readObject, textItem } from './members.js';
import type { Checked, Members } from './members.js';

const MAX_ACCOUNTS = 1_000;
const MAX_GROUPS = 50;
/** Ids that the wire gives: of people, policies, keys. */
export const ID_PATTERN = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
export const ID_MESSAGE = 'must be 1 to 64 of a-z 0-9 - _ ., starting with a letter or digit';

export const readActor = (value: unknown, at: string): Checked<Actor> => readObject(value, at, (m) => ({ issuer: m.text('issuer', 1, MAX_TEXT), subject: m.text('subject', 1, 255) }));

/** Accounts, each once. */
export function readActors(members: Members, name: string, min = 0): readonly Actor[] {
  const actors = members.list(name, MAX_ACCOUNTS, readActor, min);
  if (actors.some((a, i) => actors.findIndex((b) => sameActor(a, b)) !== i)) members.fault(name, 'names an account twice');
  return actors;
}

export const readRoster = (group: string, body: unknown): Checked<Effect> => readObject(body, '', (m) => ({ type: 'roster-set', group, members: readActors(m, 'members') }));

/** A body that says `suspended` and nothing else only takes power away. */
export function readPerson(personId: string, body: unknown): Checked<Effect> {
  return readObject<Effect>(body, '', (m) => {
    const accounts = m.optional('accounts', (name) => readActors(m, name, 1));
    const owns = m.optional('owns', (name) => readActors(m, name));
    const status = m.optional('status', (name) => m.oneOf(name, ['active', 'suspended']));
    if (accounts?.some((a) => owns?.some((b) => sameActor(a, b))) === true) m.fault('owns', 'names an account that is his own');
    return accounts === null && owns === null && status === 'suspended' ? { type: 'person-suspended', personId } : { type: 'person-set', personId, accounts, owns, status };
  });
}

export function readSeparation(value: unknown, at: string): Checked<{ readonly exclusive: readonly (readonly [string, string])[]; readonly mutualWithinDays: number }> {
  return readObject(value, at, (m) => ({ exclusive: m.list('exclusive', 100, readPair), mutualWithinDays: m.integer('mutualWithinDays', 0, 3_650) }));
}

function readPair(value: unknown, at: string): Checked<readonly [string, string]> {
  const fault = (path: string, message: string): { readonly faults: readonly InputFault[] } => ({ faults: [{ path, message }] });
  if (!Array.isArray(value) || value.length !== 2) return fault(at, 'must be a list of two groups');
  const [one, other] = value.map((group: unknown, i) => textItem()(group, `${at}/${i}`));
  if (one === undefined || other === undefined) return fault(at, 'must be a list of two groups');
  if ('faults' in one) return one;
  if ('faults' in other) return other;
  return one.value === other.value ? fault(at, 'names one group twice') : { value: [one.value, other.value] };
}

/** Who calls is the principal. */
export function readDeputy(body: unknown): Checked<Effect> {
  return readObject<Effect>(body, '', (m) => {
    const deputy = m.part('deputy', readActor);
    const groups = m.list('groups', MAX_GROUPS, textItem(), 1);
    const from = m.instant('from');
    const until = m.instant('until');
    if (from >= until) m.fault('until', 'must be later than from');
    return { type: 'deputy-named', deputy, groups, from, until, reason: m.text('reason', 1, MAX_TEXT) };
  });
}
