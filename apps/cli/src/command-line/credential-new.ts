import { secretOf } from '../approvals/ask.js';
import { writeNewKey } from '../approvals/key-file.js';
import { publicKeyLines } from './credential-public.js';
import { algorithmNamed, secretInFile } from './key-options.js';
import { optionsOf, required, UsageError } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

const HELP = `Makes a private key to sign decisions with, in a file of your own, and shows the public key to register.

usage: countersign credential new --out FILE [--type ES256|EdDSA] [--passphrase | --passphrase-file FILE]

  --out               the file for the private key, PKCS#8 in PEM, open to you alone. One that is there is not written over
  --type              ES256, unless it is EdDSA
  --passphrase        asks for a passphrase, by which the file is encrypted
  --passphrase-file   a file whose first line it is; - is the standard input

On standard output: the public key as JSON, as POST /v1/credentials takes it, and its thumbprint (RFC 7638), to be compared with whoever approves it.
`;

async function run(args: readonly string[], surroundings: Surroundings): Promise<void> {
  const options = optionsOf(args, { out: 'string', type: 'string', passphrase: 'boolean', 'passphrase-file': 'string' });
  const out = required('out', options.out);
  const algorithm = algorithmNamed(options.type);
  const file = options['passphrase-file'];
  if (options.passphrase === true && file !== undefined) throw new UsageError('--passphrase and --passphrase-file are two ways to say the same');
  const passphrase = options.passphrase === true ? await newPassphrase(surroundings) : file === undefined ? undefined : secretInFile(file);
  for (const line of publicKeyLines(writeNewKey(out, algorithm, passphrase))) surroundings.out.write(`${line}\n`);
}

async function newPassphrase(surroundings: Surroundings): Promise<string> {
  const passphrase = await secretOf('Passphrase for the new key: ', surroundings);
  if (passphrase === '') throw new Error('an empty passphrase is none');
  if ((await secretOf('Once more: ', surroundings)) !== passphrase) throw new Error('that was another one');
  return passphrase;
}

export const newCredential: Subcommand = { name: 'credential new', summary: 'make a key to sign decisions with', help: HELP, run };
