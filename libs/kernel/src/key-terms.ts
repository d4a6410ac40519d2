/** Signature algorithms, by their JOSE names (RFC 7518, RFC 8037). */
export const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export const isRsa = (algorithm: Algorithm): boolean => algorithm.startsWith('RS') || algorithm.startsWith('PS');

/** What a key is for. */
export const PURPOSES = ['firmware', 'ca', 'root', 'evidence', 'document'] as const;
export type Purpose = (typeof PURPOSES)[number];
