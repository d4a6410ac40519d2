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

/** `url` is a secret where it holds a password. */
export type EventStoreConfig = { readonly kind: 'embedded' } | { readonly kind: 'esdb'; readonly url: string };
/** `url` is a secret where it holds a password. */
export type ReadModelConfig = { readonly kind: 'embedded' } | { readonly kind: 'postgres'; readonly url: string };
/** A file for one signer in a folder of its own, or a database of its own for several. `url` is a secret where it holds a password. */
export type LedgerConfig = { readonly kind: 'file'; readonly dir: string } | { readonly kind: 'postgres'; readonly url: string };
/** Health and metrics of a process that serves nothing else. */
export interface HealthHttpConfig {
  readonly port: number;
  readonly host: string;
}

export interface AdministrationConfig {
  /** How many administrators a change of the control plane needs. 1 where nothing says it; a genesis says it itself. */
  readonly quorum: number;
  /** Whether the configuration says `quorum`: a genesis must then say the same. */
  readonly isQuorumStated: boolean;
  /** The longest that an administration session may be open. */
  readonly sessionMaxMs: number;
}

/** What the control plane begins with. Both null: it begins with nothing, and the promise of rule 22 is not given. */
export interface GenesisConfig {
  /** Lower-case hex SHA-256: the signer believes no other control plane than one that begins with it. */
  readonly digest: string | null;
  /** The document, as `countersign ceremony` wrote it. For the api, which lays it. */
  readonly file: string | null;
}

/** Everything that can be configured, complete and checked. Paths are absolute. */
export interface Config {
  readonly profile: Profile;
  readonly http: HttpConfig;
  readonly dataDir: string;
  readonly eventStore: EventStoreConfig;
  readonly readModel: ReadModelConfig;
  /** Null only where the process does not hold it, and in the development profile before its token is made. */
  readonly hsm: HsmConfig | null;
  readonly worker: { readonly http: HealthHttpConfig };
  readonly signer: {
    readonly http: HealthHttpConfig;
    readonly name: string;
    readonly ledger: LedgerConfig;
  };
  /** Where traces are sent to, an OTLP/HTTP endpoint such as `http://collector:4318`; null: nowhere. */
  readonly telemetry: { readonly otlpEndpoint: string | null };
  readonly administration: AdministrationConfig;
  readonly genesis: GenesisConfig;
  readonly identity: { readonly issuers: readonly TrustedIssuer[] };
}
