import { awaitDeployment, deploymentId, OtherDeploymentError } from '#eventing/deployment.js';
import { ConflictError } from '#eventing/event-store.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { randomId } from '#eventing/ids.js';
import { pause } from '#eventing/pause.js';
import { REACHABLE_WITHIN_MS } from '#eventing/reachable.js';
import { StreamStates } from '#eventing/stream-states.js';
import { systemActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { PermittedKey } from '../../domain/control-plane/effects.js';
import type { GenesisLaid } from '../../domain/control-plane/events.js';
import { readGenesis } from '../../domain/control-plane/genesis.js';
import type { GenesisDocument } from '../../domain/control-plane/genesis.js';
import { genesisFaults } from '../../domain/control-plane/genesis-faults.js';
import type { ControlPlaneState } from '../../domain/control-plane/state.js';
import { controlPlaneStream } from '../../streams.js';
import { genesisDigest } from '../chain-digest.js';
import { controlPlaneKind } from '../control-plane-kind.js';

/** What a configuration says of the genesis. */
export interface GenesisWanted {
  /** To be laid where there is none. */
  readonly document: GenesisDocument | null;
  /** Lower-case hex: what has to be there. */
  readonly digest: string | null;
}

export interface Beginning {
  readonly deployment: string;
  /** As it is in force now. */
  readonly plane: ControlPlaneState;
  /** Those that the genesis names; none where none was laid. */
  readonly keys: readonly PermittedKey[];
}

/** The control plane does not begin as the configuration wants it. Its message is one line that says what is wrong. */
export class GenesisRefusedError extends Error {
  override readonly name = 'GenesisRefusedError';
}

const LOOK_MS = 250;
const TYPE = 'administration.genesis-laid.v1' satisfies GenesisLaid['type'];

/**
 * Lays the genesis that is wanted in a control plane that has not begun, and makes sure that it is this one that it began with.
 * @param now for what is written @param withinMs how long another process is given to lay what only is pinned here
 * @throws GenesisRefusedError, UnnamedDeploymentError, UnreadableActError, StoreUnavailableError, OutcomeUnknownError
 */
export async function beginControlPlane(store: EventStore, { document, digest }: GenesisWanted, now: Instant, withinMs = REACHABLE_WITHIN_MS): Promise<Beginning> {
  const deployment = document !== null ? await named(store, checked(document, digest), now) : digest !== null ? await awaitDeployment(store, withinMs) : await deploymentId(store, now);
  const stream = controlPlaneStream(deployment);
  if (document !== null) await lay(store, stream, document, now);
  const wanted = document === null ? digest : genesisDigest(document);
  if (wanted !== null) await demand(store, stream, wanted, withinMs);
  const { state } = await new StreamStates(store, controlPlaneKind, { capacity: 1 }).load(stream);
  return { deployment, plane: state.plane, keys: await genesisKeys(store, stream) };
}

async function genesisKeys(store: EventStore, stream: string): Promise<readonly PermittedKey[]> {
  const [first] = await store.readStream(stream, { limit: 1 });
  if (first?.type !== TYPE) return [];
  const read = readGenesis((first.data as GenesisLaid['data']).document);
  return 'value' in read ? read.value.keys : [];
}

/** @returns its deployment */
function checked(document: GenesisDocument, pinned: string | null): string {
  const digest = genesisDigest(document);
  if (pinned !== null && pinned !== digest) throw new GenesisRefusedError(`the digest of genesis.file is ${digest}, and genesis.digest is ${pinned}`);
  const [fault, ...more] = genesisFaults(document);
  if (fault !== undefined) throw new GenesisRefusedError(`genesis.file can not be laid: ${fault.path} ${fault.message}${more.length === 0 ? '' : `, and ${more.length} more`}`);
  const read = readGenesis(document);
  if (!('value' in read)) throw new GenesisRefusedError('genesis.file can not be read');
  return read.value.deployment;
}

/** Before the genesis is laid: cut off in between, the next start goes on. */
async function named(store: EventStore, deployment: string, now: Instant): Promise<string> {
  try {
    return await deploymentId(store, now, deployment);
  } catch (error) {
    if (error instanceof OtherDeploymentError) throw new GenesisRefusedError(`${error.message}, as genesis.file says`, { cause: error });
    throw error;
  }
}

async function lay(store: EventStore, stream: string, document: GenesisDocument, now: Instant): Promise<void> {
  const [first] = await store.readStream(stream, { limit: 1 });
  if (first !== undefined) return;
  const laid: GenesisLaid = { type: TYPE, data: { document, digest: genesisDigest(document) } };
  try {
    await store.append(stream, 'no-stream', [{ id: randomId(), ...laid, metadata: { commandId: randomId(), actor: systemActor('genesis'), at: now } }]);
  } catch (error) {
    // Somebody came first; whether it is this one is looked at by whoever wants it.
    if (!(error instanceof ConflictError)) throw error;
  }
}

async function demand(store: EventStore, stream: string, wanted: string, withinMs: number): Promise<void> {
  const until = performance.now() + withinMs;
  let [first] = await store.readStream(stream, { limit: 1 });
  // Between the deployment's name and its genesis there is a moment.
  for (; first === undefined && performance.now() < until; [first] = await store.readStream(stream, { limit: 1 })) await pause(LOOK_MS);
  if (first === undefined) throw new GenesisRefusedError(`the control plane has not begun, and genesis.digest is ${wanted}: name genesis.file`);
  if (first.type !== TYPE) throw new GenesisRefusedError(`the control plane began without a genesis, and the configuration wants ${wanted}`);
  // By the document: what stands beside it is only said.
  const actual = genesisDigest((first.data as GenesisLaid['data']).document);
  if (actual !== wanted) throw new GenesisRefusedError(`the control plane began with the genesis ${actual}, and the configuration wants ${wanted}`);
}
