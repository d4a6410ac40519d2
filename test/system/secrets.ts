const PROBE = 16;
const ENCODED = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** What must never stand in a log: PINs, tokens, data and digests that clients sent. */
export class Secrets {
  private readonly values = new Map<string, string>();

  /** @param kind names it in a finding @param value as it was sent; base64 is looked for decoded, in hex and in the other alphabet as well */
  add(kind: string, value: string): void {
    this.values.set(value, kind);
    if (!ENCODED.test(value) || value.length < PROBE) return;
    const bytes = Buffer.from(value, 'base64');
    for (const form of ['hex', 'base64', 'base64url', 'latin1', 'utf8'] as const) this.values.set(bytes.toString(form), kind);
  }

  /** Takes `data` and `digests` out of a request's body. */
  addBody(body: unknown): void {
    if (typeof body !== 'object' || body === null) return;
    const { data, digests } = body as { readonly data?: unknown; readonly digests?: unknown };
    if (typeof data === 'string') this.add('data', data);
    if (Array.isArray(digests)) for (const digest of digests) if (typeof digest === 'string') this.add('digest', digest);
  }

  get size(): number {
    return this.values.size;
  }

  /** The kinds of secrets that stand in a text: a long one is found by any 16 characters at its beginning. One time over the text, however many secrets there are. */
  foundIn(text: string): readonly string[] {
    const found = new Set<string>();
    const probes = new Map<string, string>();
    for (const [value, kind] of this.values) {
      if (value.length >= PROBE) probes.set(value.slice(0, PROBE), kind);
      else if (value.length >= 8 && text.includes(value)) found.add(kind);
    }
    for (let i = 0; i + PROBE <= text.length; i += 1) {
      const kind = probes.get(text.slice(i, i + PROBE));
      if (kind !== undefined) found.add(kind);
    }
    return [...found];
  }
}
