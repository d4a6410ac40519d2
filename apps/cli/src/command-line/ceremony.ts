import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { genesisDigest } from '#administration/contract.js';
import { readCeremonyFile } from '../ceremony/ceremony-file.js';
import { drawUpGenesis } from '../ceremony/draw-up-genesis.js';
import { transcriptOf } from '../ceremony/transcript.js';
import { inFours } from '../ceremony/wording.js';
import { optionsOf, required, UsageError } from './subcommand.js';
import type { Subcommand, Surroundings } from './subcommand.js';

const HELP = `Makes the genesis of a deployment: with whom and with what its control plane begins. Reads one YAML file, and no configuration.

usage: countersign ceremony FILE.yaml --out DIR

  --out   a folder for genesis.json, genesis.digest and transcript.md; none of them may be there

Names no more than the file does, and refuses a file that leaves anybody alone with power: fewer administrators than the quorum and one, one human twice, an administrator without a credential. How a ceremony is held: docs/runbooks/ceremony.md.
`;

function run(args: readonly string[], { out, err }: Surroundings): void {
  const [file, ...options] = args;
  if (file === undefined || file === '' || file.startsWith('-')) throw new UsageError('the YAML file is missing');
  const dir = required('out', optionsOf(options, { out: 'string' }).out);
  const names = ['genesis.json', 'genesis.digest', 'transcript.md'] as const;
  const there = names.find((name) => existsSync(join(dir, name)));
  if (there !== undefined) throw new Error(`${join(dir, there)} is there already, and is not written over`);

  const { value, lineOf } = readCeremonyFile(file);
  const drawn = drawUpGenesis(value, { deployment: randomUUID(), createdAt: new Date().toISOString() });
  if ('faults' in drawn) {
    for (const { path, message } of drawn.faults) err.write(`${file}:${lineOf(path)}: ${path === '' ? '/' : path} ${message}\n`);
    throw new Error(`${drawn.faults.length === 1 ? 'one fault' : `${drawn.faults.length} faults`} in ${file}; nothing was made`);
  }
  const { document, genesis, bytes } = drawn;
  const digest = genesisDigest(document);
  writeNew(dir, { 'genesis.json': bytes, 'genesis.digest': `${digest}\n`, 'transcript.md': transcriptOf(genesis, digest) });
  out.write(`${digest}\n`);
  err.write(`genesis.json, genesis.digest and transcript.md are in ${dir}\n${inFours(digest).map((line) => `  ${line}\n`).join('')}`);
}

/** All of them or none. */
function writeNew(dir: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(dir, { recursive: true });
  const written: string[] = [];
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(dir, name), text, { flag: 'wx', flush: true });
      written.push(join(dir, name));
    }
  } catch (error) {
    for (const file of written) rmSync(file, { force: true });
    throw error;
  }
}

export const ceremony: Subcommand = { name: 'ceremony', summary: 'make the genesis that a deployment begins with', help: HELP, run: (args, surroundings) => Promise.resolve().then(() => run(args, surroundings)) };
