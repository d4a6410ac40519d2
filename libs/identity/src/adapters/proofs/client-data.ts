import { base64urlBytes } from '../../application/proofs/base64url.js';

/** The members of a CollectedClientData (WebAuthn Level 3, 5.8.1) in base64url; undefined when it is none. Never throws. */
export function clientDataOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(base64urlBytes(text)?.toString('utf8') ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** Our pages are never shown inside those of others; the library allows it. */
export const isFramed = (clientData: Readonly<Record<string, unknown>>): boolean => clientData['crossOrigin'] !== undefined && clientData['crossOrigin'] !== false;
