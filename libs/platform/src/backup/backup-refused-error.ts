/** A backup that is not made, or not restored. Its message is one line that says what to do. */
export class BackupRefusedError extends Error {
  override readonly name = 'BackupRefusedError';
  constructor(readonly reason: 'NO_STORE' | 'IN_USE' | 'NOT_EMPTY' | 'NO_BACKUP' | 'DAMAGED' | 'FAILED', message: string) {
    super(message);
  }
}
