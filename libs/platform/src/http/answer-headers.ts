/** The part of a Fastify reply that controllers use. */
export interface Answer {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
}

export const setRevision = (answer: Answer, revision: number): void => void answer.header('etag', `"${revision}"`);
/** @param path absolute path, ids encoded where they may need it */
export const setLocation = (answer: Answer, path: string): void => void answer.header('location', path);
