/** Something that happened, with the wire name under which it is stored (`context.past-tense.vN`). */
export interface DomainEvent<T extends string = string, D = unknown> {
  readonly type: T;
  readonly data: D;
}

/**
 * An aggregate as three pure functions.
 * `decide` returns the events that follow from a command (`[]`: already so) or throws a DomainError (refused).
 */
export interface Decider<C, E extends DomainEvent, S> {
  readonly initialState: S;
  decide(command: C, state: S): readonly E[];
  evolve(state: S, event: E): S;
}
