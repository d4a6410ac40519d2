import type { Config } from './config.js';

const MASK = '(hidden)';

/** A connection string for people: scheme, hosts and path, neither user nor password nor query. */
export const withoutSecrets = (url: string): string => url.replace(/^([a-z+]+:\/\/)(?:.*@)?([^?@]*).*$/i, '$1$2');

/** The configuration for the log at the start. Built up key by key: what is added to Config later is not shown by accident. */
export function describeConfig(config: Config): Readonly<Record<string, unknown>> {
  const { profile, http, dataDir, eventStore, readModel, hsm, worker, signer, telemetry, administration, genesis, identity } = config;
  return {
    profile,
    http: { port: http.port, host: http.host, publicUrl: http.publicUrl, tls: http.tls === null ? 'off' : { certFile: http.tls.certFile }, trustProxy: http.trustProxy, rateLimit: http.rateLimit ?? 'off' },
    dataDir,
    eventStore: eventStore.kind === 'embedded' ? 'embedded' : withoutSecrets(eventStore.url),
    readModel: readModel.kind === 'embedded' ? 'embedded' : withoutSecrets(readModel.url),
    hsm: hsm === null ? null : { module: hsm.module, tokenLabel: hsm.tokenLabel, tokenSerial: hsm.tokenSerial, pin: MASK, sessions: hsm.sessions },
    worker: { http: { port: worker.http.port, host: worker.http.host } },
    signer: { http: { port: signer.http.port, host: signer.http.host }, name: signer.name, ledger: signer.ledger.kind === 'file' ? signer.ledger.dir : withoutSecrets(signer.ledger.url) },
    telemetry: { otlpEndpoint: telemetry.otlpEndpoint === null ? 'off' : withoutSecrets(telemetry.otlpEndpoint) },
    administration: { quorum: administration.quorum, sessionMaxMs: administration.sessionMaxMs },
    genesis: { digest: genesis.digest ?? 'none', file: genesis.file ?? 'none' },
    identity: { issuers: identity.issuers.map(({ issuer, audience, jwksUri, rules }) => ({ issuer, audience, jwksUri: jwksUri ?? 'discovered', rules: rules.length })) },
  };
}
