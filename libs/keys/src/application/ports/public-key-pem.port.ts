/** Renders a public key. @param spkiBase64 SubjectPublicKeyInfo, base64 DER @returns PEM (RFC 7468) */
export type PublicKeyPem = (spkiBase64: string) => string;
/** Injection token of the process's PublicKeyPem. */
export const PUBLIC_KEY_PEM = Symbol('PublicKeyPem');
