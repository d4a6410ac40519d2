/**
 * What a fault waits for.
 * `append`, `read`, `delete`: a call of the client, `read` without subscriptions. `subscription`: one that is opened. `event`: an event that is about to be sent to a subscription.
 */
export type FaultPoint = 'append' | 'read' | 'delete' | 'subscription' | 'event';

export type FaultAction =
  /** Holds a call up before anything is decided. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Holds the answer up, or the event. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Never answers what was done. */
  | { readonly kind: 'drop' }
  /** Gives the answer, or the event, twice. */
  | { readonly kind: 'twice' }
  /** Ends the connection, before anything is done or after it was. */
  | { readonly kind: 'cut'; readonly when: 'before-commit' | 'after-commit' }
  | { readonly kind: 'not-leader'; readonly host: string; readonly port: number }
  /** Answers this call and all others for a while with UNAVAILABLE. */
  | { readonly kind: 'unavailable'; readonly ms: number }
  /** Says `caughtUp` so many times where once would do. */
  | { readonly kind: 'caught-up'; readonly count: number }
  /** Ends a live subscription with a TimeoutError whenever so many events wait for it. */
  | { readonly kind: 'too-slow'; readonly waiting: number }
  /** Ends a subscription in place of sending the event. `end` gives no error. */
  | { readonly kind: 'drop-subscription'; readonly as: 'unavailable' | 'too-slow' | 'unknown' | 'cut' | 'end' };

/** A fault as it is ordered. Everything that is left out matches everything. */
export interface FaultOrder {
  readonly on: FaultPoint;
  readonly action: FaultAction;
  /** Beginning of the stream's name; of a subscription to all: of one of the prefixes of its filter. */
  readonly stream?: string;
  /** Type of the event, or of one event of the append. */
  readonly type?: string;
  /** The first matching call that it befalls, 1 unless told. Of events: of each subscription the first matching event. */
  readonly nth?: number;
  /** How many it befalls, 1 unless told; 0 for all. */
  readonly times?: number;
}

export class FaultOrderError extends Error {
  override readonly name = 'FaultOrderError';
}

const POINTS: Readonly<Record<FaultAction['kind'], readonly FaultPoint[]>> = {
  slow: ['append', 'read', 'delete', 'subscription'],
  delay: ['append', 'delete', 'event'],
  drop: ['append', 'read', 'delete'],
  twice: ['append', 'event'],
  cut: ['append', 'read', 'delete'],
  'not-leader': ['append', 'read', 'delete', 'subscription'],
  unavailable: ['append', 'read', 'delete', 'subscription'],
  'caught-up': ['subscription'],
  'too-slow': ['subscription'],
  'drop-subscription': ['event'],
};
const FIELDS: Readonly<Record<FaultAction['kind'], Readonly<Record<string, 'count' | 'text' | readonly string[]>>>> = {
  slow: { ms: 'count' },
  delay: { ms: 'count' },
  drop: {},
  twice: {},
  cut: { when: ['before-commit', 'after-commit'] },
  'not-leader': { host: 'text', port: 'count' },
  unavailable: { ms: 'count' },
  'caught-up': { count: 'count' },
  'too-slow': { waiting: 'count' },
  'drop-subscription': { as: ['unavailable', 'too-slow', 'unknown', 'cut', 'end'] },
};

type Fields = Readonly<Record<string, unknown>>;
const objectOf = (what: string, value: unknown): Fields => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FaultOrderError(`${what} is an object`);
  return value as Fields;
};
const isKind = (kind: unknown): kind is FaultAction['kind'] => typeof kind === 'string' && Object.hasOwn(POINTS, kind);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const only = (what: string, fields: Fields, names: readonly string[]): void => {
  for (const name of Object.keys(fields)) if (!names.includes(name)) throw new FaultOrderError(`${what} has no field ${name}`);
};

const checkAction = (value: unknown): FaultAction => {
  const action = objectOf('action', value);
  const { kind } = action;
  if (!isKind(kind)) throw new FaultOrderError(`action.kind is one of ${Object.keys(POINTS).join(', ')}`);
  const fields = FIELDS[kind];
  only('action', action, ['kind', ...Object.keys(fields)]);
  for (const [name, form] of Object.entries(fields)) {
    const given = action[name];
    const right = form === 'count' ? isCount(given) : typeof given === 'string' && (form === 'text' || form.includes(given));
    if (!right) throw new FaultOrderError(`action.${name} is ${form === 'count' ? 'an integer from 0 on' : form === 'text' ? 'text' : `one of ${form.join(', ')}`}`);
  }
  return action as unknown as FaultAction;
};

/** @throws FaultOrderError for anything that would be ignored or never happen */
export function parseFaultOrder(value: unknown): FaultOrder {
  const order = objectOf('a fault', value);
  only('a fault', order, ['on', 'action', 'stream', 'type', 'nth', 'times']);
  const action = checkAction(order['action']);
  const points = POINTS[action.kind];
  if (!points.some((point) => point === order['on'])) throw new FaultOrderError(`${action.kind} is on ${points.join(', ')}`);
  for (const name of ['stream', 'type']) if (order[name] !== undefined && typeof order[name] !== 'string') throw new FaultOrderError(`${name} is text`);
  if (order['type'] !== undefined && order['on'] !== 'append' && order['on'] !== 'event') throw new FaultOrderError('type is of an append or an event');
  if (order['times'] !== undefined && !isCount(order['times'])) throw new FaultOrderError('times is an integer from 0 on');
  if (order['nth'] !== undefined && (!isCount(order['nth']) || order['nth'] === 0)) throw new FaultOrderError('nth is an integer from 1 on');
  return order as unknown as FaultOrder;
}

/** One order or several. @throws FaultOrderError */
export const parseFaultOrders = (value: unknown): readonly FaultOrder[] => (Array.isArray(value) ? value.map(parseFaultOrder) : [parseFaultOrder(value)]);
