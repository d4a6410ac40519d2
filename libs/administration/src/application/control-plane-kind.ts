import { eventCodec } from '#eventing/event-codec.js';
import type { StreamKind } from '#eventing/stream-states.js';
import type { Decider } from '#kernel/decider.js';
import { GrowingSet } from '#kernel/growing-set.js';
import type { ControlPlaneCommand } from '../domain/control-plane/commands.js';
import { decideControlPlane } from '../domain/control-plane/decide.js';
import type { Chain } from '../domain/control-plane/decide.js';
import { ACT_TYPES } from '../domain/control-plane/events.js';
import type { ControlPlaneEvent } from '../domain/control-plane/events.js';
import { evolveControlPlane } from '../domain/control-plane/evolve.js';
import { initialControlPlane } from '../domain/control-plane/state.js';
import type { ControlPlaneState } from '../domain/control-plane/state.js';
import { chainDigest } from './chain-digest.js';

export const decodeControlPlaneEvent = eventCodec<ControlPlaneEvent>(['administration.genesis-laid.v1', 'administration.key-bound.v1', 'administration.act-refused.v1', ...ACT_TYPES]);

const emptyChain: Chain = { plane: initialControlPlane, head: null };
const evolve = ({ plane }: Chain, event: ControlPlaneEvent): Chain => ({ plane: evolveControlPlane(plane, event), head: chainDigest(event) });

export const controlPlaneDecider: Decider<ControlPlaneCommand, ControlPlaneEvent, Chain> = { initialState: emptyChain, decide: decideControlPlane, evolve };

const MAPS = ['policies', 'levels', 'rosters', 'people', 'credentials', 'deputies', 'keys', 'sessions'] as const satisfies readonly (keyof ControlPlaneState)[];
type Entries = { readonly [K in (typeof MAPS)[number]]: readonly (readonly [string, never])[] };
type Stored = { readonly head: string | null; readonly plane: Omit<ControlPlaneState, (typeof MAPS)[number] | 'operations'> & Entries & { readonly operations: readonly string[] } };

export const controlPlaneKind: StreamKind<ControlPlaneEvent, Chain> = {
  initialState: emptyChain,
  evolve,
  decode: decodeControlPlaneEvent,
  remembers: (event) => (ACT_TYPES as readonly string[]).includes(event.type),
  snapshotVersion: 'controlPlane/1',
  toJson: ({ plane, head }) => ({ head, plane: { ...plane, ...Object.fromEntries(MAPS.map((name) => [name, [...plane[name]]])), operations: [...plane.operations] } }),
  fromJson: ({ head, plane }: Stored): Chain => ({ head, plane: { ...plane, ...mapsOf(plane), operations: GrowingSet.of(plane.operations) } }),
};

const mapsOf = (stored: Entries): Pick<ControlPlaneState, (typeof MAPS)[number]> => Object.fromEntries(MAPS.map((name) => [name, new Map(stored[name])])) as unknown as Pick<ControlPlaneState, (typeof MAPS)[number]>;
