/** Whether the code of an error is PostgreSQL's own (appendix A of its manual). Those of the system, as EPIPE, begin with an E, as no class of PostgreSQL does. */
export const isSqlState = (code: string): boolean => /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code);
