import { randomId } from '#eventing/ids.js';
import type { Actor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import type { ErrorCode } from '#kernel/error-code.js';
import { operationStream } from '../../streams.js';
import type { OperationCommand } from '../../domain/operation/commands.js';
import type { DecisionRefusal } from '../../domain/operation/events.js';
import type { OperationExecutor } from '../operation-executor.js';

const DECISIONS = new Set<ErrorCode>(['SELF_APPROVAL', 'NOT_ELIGIBLE', 'REQUEST_DIGEST_MISMATCH']);
const USES = new Set<ErrorCode>([
  'USAGE_EXHAUSTED', 'NOT_YOUR_OPERATION', 'OPERATION_NOT_APPROVED', 'OPERATION_NOT_YET_VALID', 'OPERATION_EXPIRED', 'OPERATION_REJECTED', 'OPERATION_REVOKED',
  'DIGEST_NOT_BOUND', 'KEY_DISABLED',
]);
const WINDOW_MS = 60_000;
/** (operation, person, reason) triples counted at one time; beyond it new ones are dropped, the metrics still count them. */
const MAX_OPEN = 10_000;

interface Tally {
  count: number;
  readonly record: (count: number) => Promise<unknown>;
  readonly timer: NodeJS.Timeout;
}

/** Makes events of refusals that an auditor must see. Those of one person for one reason are counted together: one event a minute. */
export class RefusalRecorder {
  private readonly open = new Map<string, Tally>();
  private readonly writing = new Set<Promise<unknown>>();

  constructor(
    private readonly operations: OperationExecutor,
    private readonly failed: (error: unknown) => void,
  ) {}

  decision(operationId: string, by: Actor, error: unknown): void {
    if (error instanceof DomainError && DECISIONS.has(error.code))
      this.tally(operationId, by, error.code, null, (count) => ({ type: 'record-decision-refusals', by, code: error.code as DecisionRefusal, count }));
  }

  use(operationId: string, by: Actor, keyId: string, error: unknown): void {
    if (error instanceof DomainError && USES.has(error.code)) this.tally(operationId, by, error.code, keyId, (count) => ({ type: 'record-use-refusals', by, code: error.code, keyId, count }));
  }

  /** Writes what was counted; for the end of the process. */
  async flush(): Promise<void> {
    for (const [key, tally] of [...this.open]) this.close(key, tally);
    await Promise.all(this.writing);
  }

  /** The first of a minute is written at once, what follows with the minute's end. */
  private tally(operationId: string, actor: Actor, code: string, keyId: string | null, command: (count: number) => OperationCommand): void {
    const key = JSON.stringify([operationId, actor.issuer, actor.subject, code, keyId]);
    const there = this.open.get(key);
    if (there !== undefined) {
      there.count += 1;
      return;
    }
    if (this.open.size >= MAX_OPEN) return;
    const record = (count: number): Promise<unknown> =>
      this.operations.execute({ stream: operationStream(operationId), meta: { commandId: randomId(), keyed: false, actor, bodyDigest: null, requestId: null }, build: () => command(count) });
    this.open.set(key, { count: 0, record, timer: setTimeout(() => this.turn(key), WINDOW_MS).unref() });
    this.write(record(1));
  }

  private turn(key: string): void {
    const tally = this.open.get(key);
    if (tally === undefined) return;
    this.close(key, tally);
  }

  private close(key: string, tally: Tally): void {
    clearTimeout(tally.timer);
    this.open.delete(key);
    if (tally.count > 0) this.write(tally.record(tally.count));
  }

  private write(recorded: Promise<unknown>): void {
    const done = recorded.catch(this.failed).finally(() => this.writing.delete(done));
    this.writing.add(done);
  }
}
