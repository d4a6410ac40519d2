/** Why a history is not copied, or not any further. */
export type CopyRefusal = 'SAME_STORE' | 'MOVED_ELSEWHERE' | 'TARGET_SEALED' | 'TARGET_DIFFERS' | 'SOURCE_INCOMPLETE' | 'WRITTEN_AFTER_SEAL' | 'UNAVAILABLE' | 'STOPPED' | 'IN_USE';

/** Its message is one line that says what to do. */
export class CopyRefusedError extends Error {
  override readonly name = 'CopyRefusedError';
  constructor(readonly reason: CopyRefusal, message: string) {
    super(message);
  }
}
