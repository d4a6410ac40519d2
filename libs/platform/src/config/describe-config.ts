import type { Config } from './config.js';

const MASK = '(hidden)';

/** The configuration for the log at the start. Built up key by key: what is added to Config later is not shown by accident. */
export function describeConfig(config: Config): Readonly<Record<string, unknown>> {
  const { profile, http, dataDir, eventStore, readModel, hsm, worker, signer, identity } = config;
  return {
    profile,
    http: { port: http.port, host: http.host, publicUrl: http.publicUrl, tls: http.tls === null ? 'off' : { certFile: http.tls.certFile }, trustProxy: http.trustProxy, rateLimit: http.rateLimit ?? 'off' },
    dataDir,
    eventStore: eventStore.kind,
    readModel: readModel.kind,
    hsm: hsm === null ? null : { module: hsm.module, tokenLabel: hsm.tokenLabel, tokenSerial: hsm.tokenSerial, pin: MASK, sessions: hsm.sessions },
    worker: { http: { port: worker.http.port } },
    signer: { http: { port: signer.http.port }, name: signer.name, ledger: signer.ledger },
    identity: { issuers: identity.issuers.map(({ issuer, audience, jwksUri, rules }) => ({ issuer, audience, jwksUri: jwksUri ?? 'discovered', rules: rules.length })) },
  };
}
