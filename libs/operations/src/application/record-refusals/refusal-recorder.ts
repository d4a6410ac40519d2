import { randomId } from '#eventing/ids.js';
import type { Actor } from '#kernel/actor.js';
import { DomainError } from '#kernel/domain-error.js';
import type { ErrorCode } from '#kernel/error-code.js';
import { operationStream } from '../../streams.js';
import type { OperationCommand } from '../../domain/operation/commands.js';
import type { DecisionRefusal } from '../../domain/operation/events.js';
import type { OperationExecutor } from '../operation-executor.js';

const DECISIONS = new Set<ErrorCode>(['SELF_APPROVAL', 'NOT_ELIGIBLE', 'REQUEST_DIGEST_MISMATCH', 'PROOF_INVALID', 'CREDENTIAL_NOT_ACTIVE', 'CHALLENGE_MISMATCH', 'CHALLENGE_USED']);
const USES = new Set<ErrorCode>([
  'USAGE_EXHAUSTED', 'NOT_YOUR_OPERATION', 'OPERATION_NOT_APPROVED', 'OPERATION_NOT_YET_VALID', 'OPERATION_EXPIRED', 'OPERATION_REJECTED', 'OPERATION_REVOKED',
  'DIGEST_NOT_BOUND', 'KEY_DISABLED',
]);
const WINDOW_MS = 60_000;
/** (operation, person, reason) triples counted at one time; beyond it new ones are dropped, the metrics still count them. */
const MAX_OPEN = 10_000;

type Refused = (count: number, keyId: string | null) => OperationCommand;

interface Tally {
  readonly record: (count: number, keyId: string | null) => Promise<unknown>;
  count: number;
  /** Of all that are counted; null when they are of several keys, or of none. */
  keyId: string | null;
  timer: NodeJS.Timeout;
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
    if (error instanceof DomainError && USES.has(error.code))
      this.tally(operationId, by, error.code, keyId, (count, of) => ({ type: 'record-use-refusals', by, code: error.code, keyId: of, count }));
  }

  /** Writes what was counted; for the end of the process. */
  async flush(): Promise<void> {
    for (const tally of this.open.values()) {
      clearTimeout(tally.timer);
      this.writeCounted(tally);
    }
    this.open.clear();
    await Promise.all(this.writing);
  }

  /** The first is written at once, what follows at the end of each minute. The key is none of what counts together: who asks names it freely. */
  private tally(operationId: string, actor: Actor, code: string, keyId: string | null, command: Refused): void {
    const key = JSON.stringify([operationId, actor.issuer, actor.subject, code]);
    const there = this.open.get(key);
    if (there !== undefined) {
      there.keyId = there.count === 0 || there.keyId === keyId ? keyId : null;
      there.count += 1;
      return;
    }
    if (this.open.size >= MAX_OPEN) return;
    const record = (count: number, of: string | null): Promise<unknown> =>
      this.operations.execute({ stream: operationStream(operationId), meta: { commandId: randomId(), keyed: false, actor, bodyDigest: null, requestId: null }, build: () => command(count, of) });
    this.open.set(key, { count: 0, keyId, record, timer: this.turnLater(key) });
    this.write(record(1, keyId));
  }

  private turnLater(key: string): NodeJS.Timeout {
    return setTimeout(() => this.turn(key), WINDOW_MS).unref();
  }

  /** A minute that counted something is followed by another one: its event and the next are a minute apart. */
  private turn(key: string): void {
    const tally = this.open.get(key);
    if (tally === undefined) return;
    if (tally.count === 0) {
      this.open.delete(key);
      return;
    }
    this.writeCounted(tally);
    tally.count = 0;
    tally.timer = this.turnLater(key);
  }

  private writeCounted({ record, count, keyId }: Tally): void {
    if (count > 0) this.write(record(count, keyId));
  }

  private write(recorded: Promise<unknown>): void {
    const done = recorded.catch(this.failed).finally(() => this.writing.delete(done));
    this.writing.add(done);
  }
}
