import type { Directory } from '#identity/contract.js';
import { isRejected } from '#operations/contract.js';
import type { OperationState } from '#operations/contract.js';

const SEEN: Readonly<Partial<Record<OperationState['status'], string>>> = { rejected: 'its rejection', revoked: 'its revocation', expired: 'its expiry' };

/** What signers note of an operation that is over by its own events, fit for people; undefined: it is not. That its uses are spent the ledger knows by itself. */
export function endingSeen(operation: OperationState, directory: Directory): string | undefined {
  const what = SEEN[operation.status] ?? (isRejected(operation, directory) ? SEEN.rejected : undefined);
  return what === undefined ? undefined : `${what} was seen in the event store`;
}
