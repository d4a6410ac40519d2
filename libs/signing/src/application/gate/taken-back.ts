import { operationOf } from '#administration/contract.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import { parseDecisionStatement } from '#identity/contract.js';
import { operationStream } from '#operations/contract.js';
import type { OperationEvent } from '#operations/contract.js';
import type { StandingNotes } from './standing-notes.js';

const PAGE = 500;
const OPERATION_ID = /^[0-9a-f-]{36}$/;

export interface TakenBackParts {
  readonly store: Pick<EventStore, 'readStream'>;
  readonly notes: Pick<StandingNotes, 'takenBack'>;
}

/**
 * Why what an act of the control plane rests on was taken back before the act was done: its operation, or one of the approvals that it names. By what signers have noted, and by what
 * stands in the event store before the act. Undefined: it was not. @throws StoreUnavailableError, LedgerUnavailableError
 */
export async function takenBackBefore(act: RecordedEvent, { store, notes }: TakenBackParts): Promise<string | undefined> {
  const operation = operationOf(act.data);
  if (operation === undefined || !OPERATION_ID.test(operation.operationId)) return undefined;
  const nonces = new Set(operation.statements.flatMap(nonceOf));
  return (await notes.takenBack(operation.operationId, [...nonces])) ?? (await storedBefore(act, operation.operationId, nonces, store));
}

async function storedBefore(act: RecordedEvent, operationId: string, nonces: ReadonlySet<string>, store: TakenBackParts['store']): Promise<string | undefined> {
  /** Nonce of the last approval of each account. */
  const given = new Map<string, string>();
  for (let from = 0; ; from += PAGE) {
    const page = await store.readStream(operationStream(operationId), { from, limit: PAGE });
    for (const event of page) {
      if (event.position > act.position) return undefined;
      const why = read(event, given, nonces);
      if (why !== undefined) return why;
    }
    if (page.length < PAGE) return undefined;
  }
}

/** Anybody may have written it. */
function read(event: RecordedEvent, given: Map<string, string>, nonces: ReadonlySet<string>): string | undefined {
  try {
    return takenBackBy(event, given, nonces);
  } catch {
    return 'what is stored of its operation can not be read';
  }
}

function takenBackBy(recorded: RecordedEvent, given: Map<string, string>, nonces: ReadonlySet<string>): string | undefined {
  const { type, data } = recorded as Pick<RecordedEvent, 'type' | 'data'> as OperationEvent;
  switch (type) {
    case 'operations.revoked.v1':
      return 'its operation was revoked before';
    case 'operations.rejected.v1':
      return 'its operation was rejected before';
    case 'operations.approval-given.v1': {
      const [nonce] = data.proof === undefined ? [] : nonceOf(data.proof.statement);
      if (nonce !== undefined) given.set(accountOf(data.by), nonce);
      return undefined;
    }
    case 'operations.approval-withdrawn.v1':
      return nonces.has(given.get(accountOf(data.by)) ?? '') ? `the approval of ${data.by.subject} was withdrawn before` : undefined;
    default:
      return undefined;
  }
}

const accountOf = ({ issuer, subject }: { readonly issuer: string; readonly subject: string }): string => JSON.stringify([issuer, subject]);

function nonceOf(statement: string): readonly string[] {
  const parsed = parseDecisionStatement(statement);
  return 'fault' in parsed ? [] : [parsed.statement.nonce];
}
