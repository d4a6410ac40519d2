// Writes what the Compose files take as secrets: PINs, passwords and the configurations that hold them. What is there already is kept.
//   node docker/make-secrets.mjs --issuer https://login.example.com/realms/main --audience countersign --public-url https://countersign.example.com [--dir docker/secrets]
import { randomInt, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const PIN_DIGITS = 12;
/** Readable for the user of the container, who is none of this machine; the folder is its owner's alone. */
const FILE_MODE = 0o444;

const { values } = parseArgs({
  options: {
    issuer: { type: 'string' },
    audience: { type: 'string', default: 'countersign' },
    'public-url': { type: 'string', default: 'http://127.0.0.1:8080' },
    dir: { type: 'string', default: path.join(HERE, 'secrets') },
  },
});
if (values.issuer === undefined) {
  process.stderr.write('--issuer is missing: the URL of the OIDC issuer whose tokens are trusted\n');
  process.exit(1);
}
mkdirSync(values.dir, { recursive: true, mode: 0o700 });

const pin = () => Array.from({ length: PIN_DIGITS }, () => randomInt(10)).join('');
function kept(name, make) {
  const file = path.join(values.dir, name);
  if (!existsSync(file)) writeFileSync(file, make(), { mode: FILE_MODE, flag: 'wx' });
  return readFileSync(file, 'utf8');
}
kept('hsm-pin', pin);
kept('hsm-so-pin', pin);
const filled = { ISSUER: values.issuer, AUDIENCE: values.audience, PUBLIC_URL: values['public-url'], POSTGRES_PASSWORD: kept('postgres-password', () => randomBytes(24).toString('hex')) };
for (const name of ['standalone.yaml', 'shared.yaml', 'signer.yaml'])
  kept(name, () => readFileSync(path.join(HERE, 'config', name), 'utf8').replaceAll(/\$\{([A-Z_]+)\}/g, (_, key) => JSON.stringify(filled[key]).slice(1, -1)));
process.stdout.write(`secrets are in ${values.dir}\n`);
