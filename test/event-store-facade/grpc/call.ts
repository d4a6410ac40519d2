import type { FaultAction, FaultPoint } from '../faults/fault.js';
import type { FaultBook } from '../faults/fault-book.js';
import type { Engine } from '../engine/engine.js';
import type { Connections } from './connections.js';
import { notLeader, unavailable } from './refusal.js';
import type { Refusal } from './refusal.js';

/** What the handlers of all calls share. */
export interface Facade {
  readonly engine: Engine;
  readonly faults: FaultBook;
  readonly connections: Connections;
  readonly maxAppendBytes: number;
}
/** What is asked of a call, whichever form it has. */
export interface Answering {
  getPeer(): string;
  emit(event: 'error', refusal: Refusal): boolean;
}

/** Ends a call with a status; what was written to it before goes out first. */
export const refuse = (call: Answering, refusal: Refusal): void => void call.emit('error', refusal);

const later = (ms: number, work: () => void): void => {
  if (ms === 0) work();
  // What is held up does not hold up the end of the process.
  else setTimeout(work, ms).unref();
};
const total = (actions: readonly FaultAction[], kind: 'slow' | 'delay'): number =>
  actions.reduce((sum, action) => (action.kind === kind ? sum + (action as { readonly ms: number }).ms : sum), 0);

/** Lets a call through, as far as no fault stands in its way. @param proceed is given what may befall the answer */
export function admit(facade: Facade, call: Answering, on: FaultPoint, streams: readonly string[], types: readonly string[], proceed: (answer: AnswerGate) => void): void {
  const { faults, connections } = facade;
  const actions = faults.unavailable ? [] : faults.strike(on, streams, types);
  for (const action of actions) if (action.kind === 'unavailable') faults.unavailableFor(action.ms);
  if (faults.unavailable || actions.some(({ kind }) => kind === 'unavailable')) {
    refuse(call, unavailable());
    return;
  }
  later(total(actions, 'slow'), () => {
    if (facade.engine.closed) return;
    for (const action of actions) {
      if (action.kind === 'not-leader') {
        refuse(call, notLeader(action.host, action.port));
        return;
      }
      if (action.kind === 'cut' && action.when === 'before-commit') {
        connections.cut(call.getPeer());
        return;
      }
    }
    proceed(new AnswerGate(facade, call, actions));
  });
}

/** What befalls the answer of a call after its work was done. */
export class AnswerGate {
  constructor(private readonly facade: Facade, private readonly call: Answering, readonly actions: readonly FaultAction[]) {}

  /** @param send is given how many times */
  open(send: (times: 1 | 2) => void): void {
    const { actions } = this;
    if (actions.length === 0) {
      send(1);
      return;
    }
    later(total(actions, 'delay'), () => {
      const kinds = new Set(actions.map(({ kind }) => kind));
      if (kinds.has('cut')) this.facade.connections.cut(this.call.getPeer());
      else if (!kinds.has('drop')) send(kinds.has('twice') ? 2 : 1);
    });
  }
}
