import { ADMINISTRATION_SETTINGS } from '#administration/application/settings.js';
import { DEPLOYMENT } from '#eventing/deployment.js';
import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TRUSTED_CLOCK, TrustedClock } from '#eventing/trusted-clock.js';
import { DomainError } from '#kernel/domain-error.js';
import { ROLES } from '#identity/contract.js';
import type { Principal, Role } from '#identity/contract.js';
import { KeyGovernance } from '#keys/application/govern-keys/key-governance.js';
import type { Log, LogFields } from '#platform/logging/log.js';
import { AUTHENTICATOR } from '#platform/http/ports/authenticator.port.js';
import type { Authenticator } from '#platform/http/ports/authenticator.port.js';
import { HTTP_METRICS, METRICS_SOURCE } from '#platform/http/ports/metrics.port.js';
import { READINESS_CHECKS } from '#platform/http/ports/readiness-check.port.js';
import type { ReadinessCheck } from '#platform/http/ports/readiness-check.port.js';
import { API_HTTP_MODULES } from '../api-http.modules.js';
import { createHttpApp } from '../create-http-app.js';
import type { HttpAppOptions } from '../http-options.js';
import { FakeApplication } from './fake-application.js';
import { SETTINGS } from './fake-control-plane.js';

export interface LogLine {
  readonly level: keyof Log;
  readonly fields: LogFields;
  readonly message: string;
}
export interface Observation {
  readonly method: string;
  readonly route: string;
  readonly status: number;
}

/** Everything of the api but its application layer, listening on a port of its own. */
export interface FakeApi {
  readonly app: NestFastifyApplication;
  readonly application: FakeApplication;
  readonly url: string;
  readonly lines: LogLine[];
  readonly observed: Observation[];
  /** Codes of the problems that were answered. */
  readonly refused: string[];
  readonly checks: ReadinessCheck[];
  close(): Promise<void>;
}

/** A token that the fake Authenticator takes: `Bearer name role role`. */
export const tokenOf = (name: string, ...roles: readonly string[]): string => `Bearer ${[name, ...roles].join(' ')}`;

const authenticator: Authenticator = {
  verify: (authorization) => {
    const [scheme, subject, ...roles] = (authorization ?? '').split(' ');
    if (subject === 'unreachable') return Promise.reject(new DomainError('IDENTITY_UNAVAILABLE', 'the issuer does not answer', { retryAfterSeconds: 30 }));
    if (scheme !== 'Bearer' || subject === undefined) return Promise.reject(new DomainError('UNAUTHENTICATED', 'no valid token'));
    const known: Principal = { issuer: 'https://idp.example', subject, name: null, roles: ROLES.filter((role: Role) => roles.includes(role)), groups: [], claims: {} };
    return Promise.resolve(known);
  },
};

export async function startFakeApi(options: Partial<HttpAppOptions> = {}, more: { readonly controllers?: Type[]; readonly providers?: Provider[] } = {}): Promise<FakeApi> {
  const application = new FakeApplication();
  const lines: LogLine[] = [];
  const observed: Observation[] = [];
  const refused: string[] = [];
  const checks: ReadinessCheck[] = [];
  const write = (level: keyof Log) => (fields: LogFields, message: string): void => void lines.push({ level, fields, message });
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  class FakeModule {}
  const module: DynamicModule = {
    module: FakeModule,
    global: true,
    imports: [CqrsModule.forRoot(), ...API_HTTP_MODULES],
    controllers: more.controllers ?? [],
    providers: [
      ...application.providers(),
      ...(more.providers ?? []),
      { provide: DEPLOYMENT, useValue: 'd1' },
      { provide: ADMINISTRATION_SETTINGS, useValue: SETTINGS },
      { provide: TRUSTED_CLOCK, useValue: new TrustedClock({ wall: () => Date.parse('2026-11-20T12:00:00.000Z'), monotonic: () => 0 }) },
      { provide: KeyGovernance, useValue: { ask: () => Promise.resolve(application.keysAwait === undefined ? undefined : { operationId: application.keysAwait }) } },
      { provide: AUTHENTICATOR, useValue: authenticator },
      { provide: READINESS_CHECKS, useValue: checks },
      { provide: METRICS_SOURCE, useValue: { render: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'up 1\n' }) } },
      { provide: HTTP_METRICS, useValue: { observe: (method: string, route: string, status: number) => void observed.push({ method, route, status }), refused: (code: string) => void refused.push(code) } },
    ],
    exports: [KeyGovernance, DEPLOYMENT, ADMINISTRATION_SETTINGS, TRUSTED_CLOCK, AUTHENTICATOR, READINESS_CHECKS, METRICS_SOURCE, HTTP_METRICS],
  };
  const app = await createHttpApp(module, { http: { tls: null, trustProxy: false, rateLimit: null }, log, ...options });
  await app.listen(0, '127.0.0.1');
  return { app, application, url: await app.getUrl(), lines, observed, refused, checks, close: () => app.close() };
}
