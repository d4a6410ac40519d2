/**
 * The head of a ledger as people are shown it and name it: which ledger, and what it had counted. It changes with every use that is counted,
 * so that whoever names it has seen this very state (rule 17).
 */
export const ledgerHeadText = (ledgerId: string, head: string): string => `${ledgerId}:${head}`;

/** A UUID, a colon, and what the ledger makes of it. */
export const LEDGER_HEAD_PATTERN = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9A-Za-z._-]{1,128}$/;

/** Which ledger a text of LEDGER_HEAD_PATTERN names. */
export const ledgerIdOf = (headText: string): string => headText.slice(0, headText.indexOf(':'));
