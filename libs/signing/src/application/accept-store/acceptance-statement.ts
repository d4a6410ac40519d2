export const ACCEPTANCE_TYPE = 'countersign/older-store/v1';

/** The exact text that an administrator signs who accepts an older store: RFC 8785. A head names one ledger of one deployment. */
export const acceptanceStatement = (head: string): string => JSON.stringify({ head, type: ACCEPTANCE_TYPE });
