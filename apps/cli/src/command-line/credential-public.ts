import type { PublicJwk } from '#identity/contract.js';
import { thumbprint } from '../approvals/public-jwk.js';
import { KEY_HELP, KEY_OPTIONS, openKey } from './key-options.js';
import { optionsOf } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

const HELP = `Shows the public key of a private key, as POST /v1/credentials takes it, and its thumbprint (RFC 7638).

usage: countersign credential public --key FILE [--passphrase-file FILE]
       countersign credential public --pkcs11-module FILE --token-label TEXT --pin-file FILE (--key-label TEXT | --key-id HEX) [--type ES256|EdDSA]

${KEY_HELP}`;

export const publicKeyLines = (jwk: PublicJwk): readonly string[] => [JSON.stringify(jwk), `thumbprint ${thumbprint(jwk)}`];

async function run(args: readonly string[], surroundings: Surroundings): Promise<void> {
  const signer = await openKey(optionsOf(args, KEY_OPTIONS), surroundings);
  await signer.close();
  for (const line of publicKeyLines(signer.publicJwk)) surroundings.out.write(`${line}\n`);
}

export const showCredential: Subcommand = { name: 'credential public', summary: 'show the public key of a private one', help: HELP, run };
