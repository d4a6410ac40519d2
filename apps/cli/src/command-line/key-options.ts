import { readFileSync } from 'node:fs';
import { secretOf } from '../approvals/ask.js';
import { openKeyFile } from '../approvals/key-file.js';
import type { StatementSigner } from '../approvals/statement-signer.js';
import { openTokenKey } from '../approvals/token-key.js';
import { required, UsageError } from './subcommand.js';
import type { Surroundings } from './subcommand.js';

/** How a private key is named: a file, or a token behind PKCS#11. */
export const KEY_OPTIONS = {
  key: 'string', 'passphrase-file': 'string',
  'pkcs11-module': 'string', 'token-label': 'string', 'pin-file': 'string', 'key-label': 'string', 'key-id': 'string', type: 'string',
} as const;
export type KeyOptions = { readonly [K in keyof typeof KEY_OPTIONS]?: string };

export const KEY_HELP = `  --key               the file with your private key, PEM. One that is not encrypted must be open to nobody else
  --passphrase-file   a file whose first line is the passphrase; - is the standard input. Without it an encrypted key's is asked for

  or a key in a token of yours, by PKCS#11:
  --pkcs11-module     the vendor's library
  --token-label       of the token
  --pin-file          a file whose first line is your PIN. It is tried once
  --key-label         CKA_LABEL of the key, or
  --key-id            its CKA_ID in hex
  --type              ES256, unless it is EdDSA
`;

export const algorithmNamed = (type: string | undefined): 'ES256' | 'EdDSA' => {
  if (type === undefined || type === 'ES256' || type === 'EdDSA') return type ?? 'ES256';
  throw new UsageError('--type must be ES256 or EdDSA');
};

/** Its first line. @throws Error of one line when it is empty */
export function secretInFile(file: string): string {
  const [line = ''] = readFileSync(file === '-' ? 0 : file, 'utf8').split(/\r?\n/u, 1);
  if (line === '') throw new Error(`the first line of ${file === '-' ? 'the standard input' : file} is empty`);
  return line;
}

export const namesKey = (options: KeyOptions): boolean => options.key !== undefined || options['pkcs11-module'] !== undefined;

/** The key that the options name. @throws UsageError, and errors of one line */
export async function openKey(options: KeyOptions, surroundings: Surroundings): Promise<StatementSigner> {
  const { key, type, 'passphrase-file': passphraseFile, 'pkcs11-module': module } = options;
  if ((key === undefined) === (module === undefined)) throw new UsageError('one of --key and --pkcs11-module is needed');
  const onlyToken = (['token-label', 'pin-file', 'key-label', 'key-id', 'type'] as const).find((name) => options[name] !== undefined);
  if (module === undefined) {
    if (onlyToken !== undefined) throw new UsageError(`--${onlyToken} goes with --pkcs11-module`);
    return openKeyFile(required('key', key), () => (passphraseFile === undefined ? secretOf('Passphrase of the key: ', surroundings) : Promise.resolve(secretInFile(passphraseFile))));
  }
  if (passphraseFile !== undefined) throw new UsageError('--passphrase-file goes with --key');
  const { 'key-label': keyLabel, 'key-id': keyIdHex } = options;
  if ((keyLabel === undefined) === (keyIdHex === undefined)) throw new UsageError('one of --key-label and --key-id is needed');
  if (keyIdHex !== undefined && !/^(?:[0-9a-f]{2}){1,64}$/i.test(keyIdHex)) throw new UsageError('--key-id must be bytes in hex');
  const algorithm = algorithmNamed(type);
  return openTokenKey({ module, tokenLabel: required('token-label', options['token-label']), pin: secretInFile(required('pin-file', options['pin-file'])), keyLabel, keyIdHex: keyIdHex?.toLowerCase(), algorithm });
}
