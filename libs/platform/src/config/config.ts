import type { TrustedIssuer } from '#identity/contract.js';

export const PROFILES = ['production', 'development'] as const;
export type Profile = (typeof PROFILES)[number];

export interface TlsConfig {
  /** PEM files, absolute. */
  readonly certFile: string;
  readonly keyFile: string;
}

export interface HttpConfig {
  /** 0 to 65535; 0 takes any free one, and then `publicUrl` must be given. */
  readonly port: number;
  readonly host: string;
  /** Origin and path prefix that callers use, without a slash at the end. */
  readonly publicUrl: string;
  readonly tls: TlsConfig | null;
  /** Whose X-Forwarded-* is believed: nobody's, everybody's, or that of these addresses and CIDR ranges. */
  readonly trustProxy: boolean | readonly string[];
  readonly rateLimit: { readonly requestsPerMinute: number } | null;
}

export interface HsmConfig {
  /** The PKCS#11 library: an absolute path, or a bare file name that the system's loader finds. */
  readonly module: string;
  /** Exactly one of label and serial is given. */
  readonly tokenLabel: string | null;
  readonly tokenSerial: string | null;
  /** Secret. Its text, also where the configuration names a file that holds it. */
  readonly pin: string;
  readonly sessions: number;
}

/** Everything that can be configured, complete and checked. Paths are absolute. */
export interface Config {
  readonly profile: Profile;
  readonly http: HttpConfig;
  readonly dataDir: string;
  readonly eventStore: { readonly kind: 'embedded' };
  readonly readModel: { readonly kind: 'embedded' };
  /** Null only where the process does not hold it, and in the development profile before its token is made. */
  readonly hsm: HsmConfig | null;
  readonly worker: { readonly http: { readonly port: number } };
  readonly signer: {
    readonly http: { readonly port: number };
    readonly name: string;
    /** The folder of the signer's ledger. */
    readonly ledger: string;
  };
  readonly identity: { readonly issuers: readonly TrustedIssuer[] };
}
