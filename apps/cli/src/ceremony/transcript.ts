import { accountKey } from '#identity/contract.js';
import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import type { Genesis } from '#administration/contract.js';
import { sourceInWords, policyInWords } from './policy-in-words.js';
import { thumbprintOf } from './thumbprint.js';
import { secondLooks } from './second-looks.js';
import { code, inFours, people } from './wording.js';

type Lines = readonly string[];
const NONE: Lines = ['none', ''];
const section = (title: string, lines: Lines): Lines => [`## ${title}`, '', ...(lines.length === 0 ? NONE : [...lines, ''])];
const account = ({ subject, issuer }: Actor): string => `${code(subject)} of ${code(issuer)}`;
const accounts = (list: readonly Actor[]): string => (list.length === 0 ? 'none' : list.map(account).join(', '));

/** What was agreed on, for the people in the room: read aloud, compared, signed, kept. */
export function transcriptOf(genesis: Genesis, digest: string): string {
  const lines: Lines = [
    `# Genesis of ${code(genesis.deployment)}`,
    '',
    `Drawn up at ${genesis.createdAt}. From this document alone the control plane begins: who is not in it has no power over it, and what is not in it has to be decided by those who are.`,
    '',
    ...section('Digest', ['Hex SHA-256 of `genesis.json`, its RFC 8785 form:', '', ...inFours(digest).map((line) => `    ${line}`)]),
    ...section('Rules', [
      `- Quorum: ${genesis.quorum}. Who wants a change needs ${people(genesis.quorum)} besides himself, of ${genesis.administrators.length} administrators.`,
      `- Weakest proof of a decision that counts, where a policy asks for proofs: ${code(genesis.minimumProof)}.`,
      `- Relying party of WebAuthn: ${code(genesis.rpId)}; origin: ${code(genesis.origin)}.`,
    ]),
    ...section('Administrators', genesis.administrators.map((one, i) => `${i + 1}. ${account(one)}${personSuffix(genesis, one)}: ${credentialsOf(genesis, one)}`)),
    ...section('Credentials', genesis.credentials.flatMap(({ credentialId, owner, label, key }) => [
      `- ${code(credentialId)}, ${code(label)}, of ${account(owner)}`,
      `  ${key.type === 'jwk' ? (key.publicJwk.kty === 'EC' ? 'a key for ES256' : 'a key for EdDSA') : `a WebAuthn authenticator${key.backupEligible ? ' whose key may be on several devices' : ''}`}, thumbprint (RFC 7638) ${code(thumbprintOf(key))}`,
    ])),
    ...section('People', genesis.people.map(({ personId, accounts: own, owns }) => `- ${code(personId)}: accounts ${accounts(own)}; machines: ${accounts(owns)}`)),
    ...section('Groups', genesis.rosters.map(({ group, members }) => `- ${code(group)}: ${accounts(members)}`)),
    ...section('Policies', genesis.policies.map(({ name, policy }) => `- ${code(name)}: ${policyInWords(policy)}`)),
    ...section('Levels', [...genesis.levels].sort((a, b) => (a.level < b.level ? -1 : 1)).map(({ level, policy }) => `- ${level}: ${policyInWords(policy)}`)),
    ...section('Separation', separation(genesis)),
    ...section('Keys to be made', genesis.keys.map(({ keyId, purpose, algorithm, modulusBits, policy, adopt }) =>
      `- ${code(keyId)}: ${purpose}, ${algorithm}${modulusBits === null ? '' : ` with ${modulusBits} bits`}${adopt === null ? '' : ', adopted from the token'}; ${sourceInWords(policy)}`)),
    ...section('Issuers', genesis.issuers.flatMap(({ issuer, audience, jwksUri, rolesClaim, groupsClaim, nameClaim, rules }) => [
      `- ${code(issuer)} for ${code(audience)}; keys ${jwksUri === null ? 'discovered' : `at ${code(jwksUri)}`}; roles from ${code(rolesClaim)}, groups from ${code(groupsClaim)}, names from ${code(nameClaim)}`,
      ...rules.map(({ match, roles }) => `  - ${roles.join(', ')} where ${Object.entries(match).map(([claim, wanted]) => `${code(claim)} is ${code(wanted)}`).join(' and ')}`),
    ])),
    ...section('Look twice', secondLooks(genesis).map((look) => `- ${look}`)),
    ...section('Compare aloud', [
      '1. Each on a device of his own: `sha256sum genesis.json`. One reads the groups of the digest above, all others follow on theirs.',
      '2. Each administrator reads the thumbprint of his own key from his own device: `countersign credential public`. All others follow above.',
      '3. All: the administrators by name, and that nobody is on the list who is not in the room or known to everybody.',
      `4. All: the quorum, ${genesis.quorum}.`,
      '5. Whoever writes the signer’s configuration reads `genesis.digest` from it, in the same groups.',
    ]),
    ...section('Present', [...genesis.administrators.map((one) => `- [ ] ${account(one)}, signature: ____________________`), '- [ ] witness: ____________________', '- [ ] date and place: ____________________']),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function personSuffix({ people: known }: Genesis, one: Actor): string {
  const person = known.find(({ accounts: own }) => own.some((other) => accountKey(other) === accountKey(one)));
  return person === undefined ? '' : ` (${code(person.personId)})`;
}

const credentialsOf = ({ credentials }: Genesis, one: Actor): string => credentials.filter(({ owner }) => sameActor(owner, one)).map(({ credentialId }) => code(credentialId)).join(', ');

const separation = ({ separation: { exclusive, mutualWithinDays } }: Genesis): Lines => [
  ...exclusive.map(([one, other]) => `- who is in both ${code(one)} and ${code(other)} decides nothing`),
  ...(mutualWithinDays === 0 ? [] : [`- two people do not approve each other’s operations within ${mutualWithinDays} days`]),
];
