/** What this process knows of the signers. */
export interface SignerStatus {
  /** Why nothing can be signed now; undefined when it can, as far as is known. */
  down(): string | undefined;
}
/** Injection token of the process's SignerStatus. */
export const SIGNER_STATUS = Symbol('SignerStatus');
