import { createHash } from 'node:crypto';
import { ConflictError } from '#eventing/event-store.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { randomId } from '#eventing/ids.js';
import type { StreamStates } from '#eventing/stream-states.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import type { ControlledKey, KeyBound } from '#administration/contract.js';
import { systemActor } from '#kernel/actor.js';
import { keyStream } from '#keys/contract.js';
import type { KeyEvent, KeyState } from '#keys/contract.js';
import type { Plane } from '../gate/plane.js';
import type { PlaneFeed } from '../gate/plane-feed.js';
import type { StandingNotes } from '../gate/standing-notes.js';
import type { Hsm } from '../ports/hsm.port.js';
import type { LedgerSigner } from '../ports/ledger.port.js';

export interface BindKeysContext {
  readonly store: EventStore;
  readonly plane: Pick<PlaneFeed, 'current' | 'refresh' | 'stream'>;
  readonly keys: StreamStates<KeyEvent, KeyState>;
  readonly hsm: Pick<Hsm, 'findKeyPair' | 'status'>;
  readonly notes: StandingNotes;
  readonly signer: LedgerSigner;
  readonly clock: TrustedClock;
  readonly log: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

/**
 * Tells the control plane which pair a permitted key has (rule 22): what is bound is what this token holds, not what the key's stream says. One sweep; to be repeated.
 * A crash anywhere leaves a key unbound, and the next sweep of any signer of its token goes on.
 */
export async function bindKeys(context: BindKeysContext): Promise<void> {
  const { plane, notes, log } = context;
  const { state, fault, lacks } = await plane.current();
  if (fault !== undefined || lacks !== undefined) return;
  for (const key of state.keys.values()) {
    // Bound before the signers' ledger was: what it has to know is on the token.
    if (key.publicKeySha256 !== null && (await notes.pairOf(key.keyId)) !== undefined) continue;
    await bindOne(key, context).catch((error: unknown) => log({ keyId: key.keyId, error }, 'a key pair could not be bound; it is tried again'));
  }
}

async function bindOne({ keyId, algorithm, modulusBits, publicKeySha256: known }: ControlledKey, { store, plane, keys, hsm, notes, signer, clock }: BindKeysContext): Promise<void> {
  const { state } = await keys.load(keyStream(keyId));
  const status = hsm.status();
  if (status.state !== 'ready' || state.publicKeySha256 === null || state.tokenSerial !== status.tokenSerial) return;
  const { spki } = await hsm.findKeyPair({ label: null, idHex: state.ckaIdHex, algorithm, modulusBits });
  const publicKeySha256 = createHash('sha256').update(spki).digest('hex');
  if (publicKeySha256 !== state.publicKeySha256) throw new Error('the token holds another pair than the key was registered with');
  if (known !== null && known !== publicKeySha256) throw new Error('the control plane has bound another pair to this key');
  // First among the signers, outside the store: what is bound later can't be another one (rule 21).
  if (!(await notes.bind(keyId, publicKeySha256))) throw new Error('the signers’ ledger knows another pair of this key, or another key of this pair');
  if (known !== null) return;
  await plane.refresh();
  const now = await plane.current();
  if (!isUnbound(now, keyId, publicKeySha256)) return;
  const at = clock.written();
  const bound: KeyBound = { type: 'administration.key-bound.v1', data: { keyId, publicKeySha256, signer: signer.name, at: at > now.state.at ? at : now.state.at, previous: now.chainHead } };
  try {
    await store.append(plane.stream, now.head?.revision ?? 'no-stream', [{ id: randomId(), ...bound, metadata: { commandId: randomId(), actor: systemActor(`signer/${signer.name}`), at } }]);
  } catch (error) {
    // Another act came first: the next sweep stands behind it.
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** Rule 15: one pair has one keyId, and a keyId one pair. */
const isUnbound = ({ state, fault, lacks }: Plane, keyId: string, publicKeySha256: string): boolean =>
  fault === undefined && lacks === undefined && state.keys.get(keyId)?.publicKeySha256 === null && ![...state.keys.values()].some((key) => key.publicKeySha256 === publicKeySha256);
