/**
 * The id of what an act makes where the wire gives it none, from the head of the chain before it: unlike any other act's, and nobody can choose it.
 * @param previous base64 of 32 bytes; null for the first act of a chain without genesis @returns in the form of a UUID
 */
export function chainId(previous: string | null): string {
  const bytes = previous === null ? '' : atob(previous);
  const hex = Array.from({ length: 16 }, (_, i) => (bytes.length > i ? bytes.charCodeAt(i) : 0).toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
