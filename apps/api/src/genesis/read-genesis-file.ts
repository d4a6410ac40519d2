import { readFileSync, statSync } from 'node:fs';
import { genesisDigest, genesisFaults, readGenesis } from '#administration/contract.js';
import type { GenesisDocument } from '#administration/contract.js';
import { ConfigError } from '#platform/config/config-error.js';
import type { GenesisConfig } from '#platform/config/config.js';

const MAX_BYTES = 8 * 1024 * 1024;

/** A genesis as the configuration names it. */
export interface NamedGenesis {
  readonly document: GenesisDocument;
  /** Lower-case hex. */
  readonly digest: string;
  readonly deployment: string;
}

/** Undefined: the configuration names no file. @throws ConfigError when it can't be laid, or is not the one whose digest is pinned */
export function readGenesisFile({ file, digest: pinned }: GenesisConfig): NamedGenesis | undefined {
  if (file === null) return undefined;
  const document = parsed(file);
  const [fault] = genesisFaults(document);
  const read = readGenesis(document);
  if (fault !== undefined || !('value' in read)) throw new ConfigError('genesis.file', `${file}: ${fault?.path ?? ''} ${fault?.message ?? 'can not be read'}`);
  const digest = genesisDigest(document);
  if (pinned !== null && pinned !== digest) throw new ConfigError('genesis.digest', `is not that of ${file}, which is ${digest}`);
  return { document, digest, deployment: read.value.deployment };
}

function parsed(file: string): GenesisDocument {
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES) throw new ConfigError('genesis.file', `${file} has more than ${MAX_BYTES} bytes`);
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as GenesisDocument;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no JSON in UTF-8';
    throw new ConfigError('genesis.file', `${file} can not be read (${code})`);
  }
  throw new ConfigError('genesis.file', `${file} holds no JSON object`);
}
