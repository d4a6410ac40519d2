import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { LeaseLostError } from '#eventing/lease.port.js';

const PAGE = 200;
/** One stream may be too busy for its turn; so many in a row, and it is the store that is away. */
const AWAY_AFTER = 3;

/** Does what is due, each by itself: what fails is tried again in the next sweep, and keeps nothing else from its turn. */
export class DueSweep<T> {
  /** Of the last sweep: they may be the oldest, and are asked for beside a page of others. */
  private failing = 0;

  constructor(private readonly due: (limit: number) => Promise<readonly T[]>, private readonly meet: (one: T) => Promise<void>) {}

  /** @throws whatever failed, when everything else is done; AggregateError of several; LeaseLostError at once, since another does it */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    let away = 0;
    for (const one of await this.due(PAGE + this.failing)) {
      try {
        await this.meet(one);
        away = 0;
      } catch (error) {
        if (error instanceof LeaseLostError) throw error;
        failures.push(error);
        away = error instanceof StoreUnavailableError ? away + 1 : 0;
        if (away === AWAY_AFTER) break;
      }
    }
    this.failing = failures.length;
    throwAll(failures);
  }
}

export function throwAll(failures: readonly unknown[]): void {
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, `${failures.length} of them failed`, { cause: failures[0] });
}
