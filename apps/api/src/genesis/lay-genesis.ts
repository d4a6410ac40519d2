import { randomId } from '#eventing/ids.js';
import type { ControlPlaneExecutor } from '#administration/application/control-plane-executor.js';
import type { ControlPlaneState } from '#administration/contract.js';
import { sameIssuers } from '#administration/contract.js';
import { systemActor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import { ConfigError } from '#platform/config/config-error.js';
import type { Config } from '#platform/config/config.js';
import type { NamedGenesis } from './read-genesis-file.js';

export interface LayGenesisParts {
  readonly config: Pick<Config, 'administration' | 'genesis' | 'identity'>;
  readonly controlPlane: ControlPlaneExecutor;
  readonly stream: string;
  readonly deployment: string;
  /** What the configuration names; undefined: nothing. */
  readonly genesis: NamedGenesis | undefined;
}

/**
 * Lays the genesis where the control plane is empty, and compares what the configuration says with what the control plane does: a deployment goes by its chain alone.
 * @throws ConfigError when they differ, StoreUnavailableError
 */
export async function layGenesis({ config, controlPlane, stream, deployment, genesis }: LayGenesisParts): Promise<void> {
  if (genesis !== undefined && genesis.deployment !== deployment) throw new ConfigError('genesis.file', `is of the deployment ${genesis.deployment}, and this event store is of ${deployment}`);
  if (genesis !== undefined && (await controlPlane.states.refresh(stream)).revision < 0) await lay(controlPlane, stream, genesis);
  const { plane, head } = (await controlPlane.states.refresh(stream)).state;
  const pinned = genesis?.digest ?? config.genesis.digest;
  if (pinned !== null && plane.genesis?.digest !== pinned) throw new ConfigError(genesis === undefined ? 'genesis.digest' : 'genesis.file', head === null ? 'names a genesis that was not laid yet: name its file' : 'the control plane begins with another genesis, or with none');
  saysTheSame(config, plane);
}

/** Several processes may be first. */
async function lay(controlPlane: ControlPlaneExecutor, stream: string, { document, digest }: NamedGenesis): Promise<void> {
  const meta = { commandId: randomId(), keyed: false, actor: systemActor('genesis'), bodyDigest: null, requestId: null };
  await controlPlane.execute({ stream, meta, build: () => ({ type: 'lay-genesis', document, digest }) }).catch((error: unknown) => {
    if (!(error instanceof DomainError)) throw error;
  });
}

function saysTheSame({ administration, identity }: LayGenesisParts['config'], { genesis, quorum, issuers }: ControlPlaneState): void {
  if (genesis === null) return;
  if (administration.isQuorumStated && administration.quorum !== quorum) throw new ConfigError('administration.quorum', `is ${administration.quorum}, and ${quorum ?? 1} in the control plane: leave it out`);
  if (identity.issuers.length > 0 && issuers !== null && !sameIssuers(identity.issuers, issuers)) throw new ConfigError('identity.issuers', 'are others than in the control plane: leave them out');
}
