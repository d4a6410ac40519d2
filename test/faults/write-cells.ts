// The matrix of signing: every write on an order's way, and what can befall it.
export type Write =
  | 'uses-reserved' | 'started' | 'ledger intent' | 'ledger signatures' | 'completed' | 'uses-settled'
  | 'ledger release' | 'failed' | 'halted' | 'outcome-unknown' | 'uses-returned'
  // By the next incarnation of the signer, about what the last one left (rules 8, 9).
  | 'completed, later' | 'unknown, later';
/**
 * `refused`: not persisted, and the writer knows. `not persisted`, `answer lost`: it knows nothing. `never answered`: persisted, and it waits until its patience ends.
 * The others: the process is killed while it asks, or before it can act upon the answer.
 */
export type Fate = 'refused' | 'not persisted' | 'answer lost' | 'never answered' | 'killed before' | 'killed after';
export const KILLED: readonly Fate[] = ['killed before', 'killed after'];

/**
 * `signed`: nothing else goes wrong. `refused`: C_SignInit is refused. `revoked`: the operation is revoked before the lock is taken.
 * `broken`: the first C_Sign signs and says that it failed.
 */
export type Way = 'signed' | 'refused' | 'revoked' | 'broken';
/** Digests of an order, and uses granted by its operation. */
export const COUNT = 2;

export interface Step {
  readonly write: Write;
  readonly way: Way;
  /** Of the first event of the append; undefined: a write of the ledger. */
  readonly type?: string;
  /** Of the ledger's port. */
  readonly method?: 'intend' | 'signatures' | 'release';
  /** Whose write it is. */
  readonly by: 'api' | 'worker' | 'signer';
}
/** In the order in which they are written. */
export const STEPS: readonly Step[] = [
  { write: 'uses-reserved', way: 'signed', type: 'operations.uses-reserved.v1', by: 'api' },
  { write: 'started', way: 'signed', type: 'signing.started.v1', by: 'signer' },
  { write: 'ledger intent', way: 'signed', method: 'intend', by: 'signer' },
  { write: 'ledger signatures', way: 'signed', method: 'signatures', by: 'signer' },
  { write: 'completed', way: 'signed', type: 'signing.completed.v1', by: 'signer' },
  { write: 'uses-settled', way: 'signed', type: 'operations.uses-settled.v1', by: 'worker' },
  { write: 'ledger release', way: 'refused', method: 'release', by: 'signer' },
  { write: 'failed', way: 'refused', type: 'signing.failed.v1', by: 'signer' },
  { write: 'halted', way: 'revoked', type: 'signing.halted.v1', by: 'signer' },
  { write: 'outcome-unknown', way: 'broken', type: 'signing.outcome-unknown.v1', by: 'signer' },
  { write: 'uses-returned', way: 'refused', type: 'operations.uses-returned.v1', by: 'worker' },
];

/** What the next incarnation writes about an order whose signer died: `after` that write and fate. */
export interface Relived {
  readonly after: readonly [Write, Fate];
  readonly step: Step;
}
export const RELIVED: readonly Relived[] = [
  { after: ['completed', 'killed before'], step: { write: 'completed, later', way: 'signed', type: 'signing.completed.v1', by: 'signer' } },
  { after: ['started', 'killed after'], step: { write: 'unknown, later', way: 'signed', type: 'signing.outcome-unknown.v1', by: 'signer' } },
];

/** How an order must end: its state, C_Sign calls, uses spent. */
export interface End {
  readonly state: 'completed' | 'failed' | 'halted' | 'outcome-unknown';
  readonly calls: number;
  readonly spent: number;
}
const BY_WAY: Readonly<Record<Way, End>> = {
  signed: { state: 'completed', calls: COUNT, spent: COUNT },
  refused: { state: 'failed', calls: 0, spent: 0 },
  revoked: { state: 'halted', calls: 0, spent: 0 },
  // The session is lost with the call: the second digest is given back.
  broken: { state: 'outcome-unknown', calls: 1, spent: 1 },
};
/** After a death all uses of what was started are spent (rule 7). @param calls before it */
const unknown = (calls: number): End => ({ state: 'outcome-unknown', calls, spent: COUNT });
const FAILED = BY_WAY.refused;

/** Every cell has one end that is right: what was resent comes out as if nothing had befallen it, unless the table says otherwise. */
export function endOf({ write, way }: Step, fate: Fate): End {
  const died: Partial<Record<Write, Partial<Record<Fate, End>>>> = {
    started: { 'killed after': unknown(0) },
    // Without a good answer nothing is signed, and what the ledger may have counted is released.
    'ledger intent': { refused: FAILED, 'not persisted': FAILED, 'answer lost': FAILED, 'killed before': unknown(0), 'killed after': unknown(0) },
    'ledger signatures': { 'killed before': unknown(COUNT) },
    'ledger release': { 'killed before': unknown(0), 'killed after': unknown(0) },
    failed: { 'killed before': unknown(0) },
    halted: { 'killed before': unknown(0) },
    'outcome-unknown': { 'killed before': unknown(1) },
  };
  if (write === 'unknown, later') return unknown(0);
  return died[write]?.[fate] ?? BY_WAY[way];
}

export const stepOf = (write: Write): Step => {
  const step = STEPS.find((one) => one.write === write);
  if (step === undefined) throw new TypeError(`nobody writes ${write} in his first life`);
  return step;
};
