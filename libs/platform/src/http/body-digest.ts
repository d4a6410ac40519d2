import { canonicalDigest } from '#identity/contract.js';

/** SHA-256 of a body as RFC 8785 JSON, base64; of `{}` when there is no body. @param body JSON whose shape was checked */
export const bodyDigest = (body: unknown): string => canonicalDigest(body === undefined ? {} : body);
