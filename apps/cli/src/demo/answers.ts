// The parts of answers that the story looks at.

export interface KeyAnswer {
  readonly keyId: string;
  readonly publicKeyPem: string;
}
export interface OperationAnswer {
  readonly operationId: string;
  readonly state: string;
  readonly expiresAt: string;
  readonly requestDigest: string;
  readonly keyUsages: readonly {
    readonly keyId: string;
    readonly remainingCount: number;
    readonly approval: { readonly met: boolean; readonly missing: number };
  }[];
  readonly decisions: readonly { readonly decision: string; readonly by: { readonly subject: string; readonly name: string | null } }[];
}
export interface SignOrderAnswer {
  readonly state: string;
  readonly signatures: readonly string[];
  readonly usesConsumed: number;
}
export interface ListAnswer<T> {
  readonly items: readonly T[];
}
export interface TrailEvent {
  readonly type: string;
  readonly at: string;
  readonly actor: { readonly subject: string };
  readonly data: Readonly<Record<string, unknown>>;
}
