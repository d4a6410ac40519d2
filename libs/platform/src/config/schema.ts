import { isIP } from 'node:net';
import { ROLES } from '#identity/contract.js';
import { PROFILES } from './config.js';
import { faultOfRange, faultOfTrustedUrl } from './network-address.js';
import { flag, integer, list, off, oneOf, optional, record, scalar, scalarOr, section, text, withDefault, type Parsed } from './shape.js';

const httpUrl = text((value) => {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isPlain = url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '' && !value.includes('?') && !value.includes('#');
  return isPlain ? null : 'must be a http or https URL without credentials, query and fragment';
});
const hostName = text((value) => (isIP(value) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(value) ? null : 'must be a host name or an IP address'), 253);
const eventStore = withDefault(text((value) => (value === 'embedded' || /^esdb(\+discover)?:\/\/\S+$/.test(value) ? null : 'must be embedded, or a connection string that begins with esdb:// or esdb+discover://')), 'embedded');
const POSTGRES = /^postgres(ql)?:\/\/\S+$/;
const readModel = withDefault(text((value) => (value === 'embedded' || (POSTGRES.test(value) && URL.canParse(value)) ? null : 'must be embedded, or a URL that begins with postgres://')), 'embedded');
const ledger = text((value) => (!/^[a-z]+:\/\//i.test(value) || (POSTGRES.test(value) && URL.canParse(value)) ? null : 'must be a folder, or a URL that begins with postgres://'));
const otlpEndpoint = text((value) => (/^https?:\/\//.test(value) && URL.canParse(value) ? null : 'must be a http or https URL'));
const port = integer(0, 65_535);
const sha256Hex = text((value) => (/^[0-9A-Fa-f]{64}$/.test(value) ? null : 'must be a SHA-256 in hex: 64 of 0-9 a-f'));
const MAX_QUORUM = 16;
const MIN_SESSION_MS = 60_000;
const MAX_SESSION_MS = 7 * 86_400_000;
const SESSION_MS = 28_800_000;
const claimPath = text(undefined, 255);
const trustedUrl = text(faultOfTrustedUrl);

/** The whole file as api documents it; what depends on several keys at once is in load-config.ts. */
export const SCHEMA = section({
  profile: withDefault(oneOf(...PROFILES), 'production'),
  http: section({
    port: withDefault(port, 8080),
    host: withDefault(hostName, '127.0.0.1'),
    publicUrl: optional(httpUrl),
    tls: optional(section({ certFile: text(), keyFile: text() })),
    trustProxy: withDefault(scalarOr(flag(), list(text(faultOfRange), 100)), false),
    rateLimit: scalarOr(off(), section({ requestsPerMinute: integer(1, 1_000_000) })),
  }),
  dataDir: withDefault(text(), './data'),
  eventStore,
  readModel,
  hsm: optional(
    section({
      module: text(),
      tokenLabel: optional(text(undefined, 32)),
      tokenSerial: optional(text(undefined, 16)),
      pin: optional(text(undefined, 255)),
      pinFile: optional(text()),
      sessions: withDefault(integer(1, 64), 8),
    }),
  ),
  worker: section({ http: section({ port: withDefault(port, 8081), host: withDefault(hostName, '127.0.0.1') }) }),
  signer: section({
    http: section({ port: withDefault(port, 8082), host: withDefault(hostName, '127.0.0.1') }),
    name: withDefault(text((value) => (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(value) ? null : 'must be 1 to 64 of a-z 0-9 - _ ., starting with a letter or digit')), 'signer-1'),
    ledger: optional(ledger),
  }),
  telemetry: section({ otlpEndpoint: optional(otlpEndpoint) }),
  administration: section({ quorum: optional(integer(1, MAX_QUORUM)), sessionMaxMs: withDefault(integer(MIN_SESSION_MS, MAX_SESSION_MS), SESSION_MS) }),
  genesis: section({ digest: optional(sha256Hex), file: optional(text()) }),
  identity: section({
    issuers: list(
      section({
        issuer: trustedUrl,
        audience: text(undefined, 255),
        jwksUri: optional(trustedUrl),
        rolesClaim: withDefault(claimPath, 'roles'),
        groupsClaim: withDefault(claimPath, 'groups'),
        nameClaim: withDefault(claimPath, 'name'),
        displayClaims: list(claimPath, 50),
        rules: list(section({ match: record(scalar(), 20), roles: list(oneOf(...ROLES), ROLES.length) }), 100),
      }),
      100,
    ),
  }),
});
export type RawConfig = Parsed<typeof SCHEMA>;
