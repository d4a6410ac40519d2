import { readFileSync, statSync } from 'node:fs';
import { beginControlPlane, sameIssuers } from '#administration/contract.js';
import type { Beginning, ControlPlaneState, GenesisDocument } from '#administration/contract.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { TrustedClock } from '#eventing/trusted-clock.js';
import type { TrustedIssuer } from '#identity/contract.js';
import type { Config } from '#platform/config/config.js';
import { ConfigError } from '#platform/config/config-error.js';
import { systemClock } from '#platform/time/system-clock.js';

const MAX_BYTES = 1024 * 1024;

/** Before anything else reads or writes the store: which deployment it is, and that its control plane begins as the configuration says. @throws ConfigError, and what beginControlPlane throws */
export async function beginByConfiguration(config: Pick<Config, 'genesis' | 'administration' | 'identity'>, store: EventStore): Promise<Beginning> {
  const { file, digest } = config.genesis;
  const document = file === null ? null : readDocument(file);
  const clock = new TrustedClock(systemClock);
  await clock.start(store);
  const beginning = await beginControlPlane(store, { document, digest }, clock.written());
  refuseContradiction(config, beginning.plane);
  return beginning;
}

function readDocument(file: string): GenesisDocument {
  let value: unknown;
  try {
    if (statSync(file).size > MAX_BYTES) throw new ConfigError('genesis.file', `${file} has more than ${MAX_BYTES} bytes`);
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = error instanceof SyntaxError ? 'is no JSON' : `can not be read (${error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'})`;
    throw new ConfigError('genesis.file', `${file} ${code}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ConfigError('genesis.file', `${file} is no genesis`);
  return value as GenesisDocument;
}

/** With a genesis they are events: who reads the configuration must not be led to believe something else. */
function refuseContradiction({ administration, identity }: Pick<Config, 'administration' | 'identity'>, { genesis, quorum, issuers }: ControlPlaneState): void {
  if (genesis === null) return;
  if (administration.isQuorumStated && quorum !== null && administration.quorum !== quorum) throw new ConfigError('administration.quorum', `is ${administration.quorum}, and the control plane in force says ${quorum}: say the same or leave it out`);
  if (identity.issuers.length > 0 && issuers !== null && !sameIssuers(identity.issuers, issuers)) throw new ConfigError('identity.issuers', 'say otherwise than the control plane in force: say the same or leave them out');
}

/** Whose tokens are believed: as the control plane says, where a genesis was laid. */
export const issuersInForce = (plane: ControlPlaneState, configured: readonly TrustedIssuer[]): readonly TrustedIssuer[] => plane.issuers ?? configured;
