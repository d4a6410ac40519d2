import { AdministrationHttpModule } from '#administration/adapters/http/administration.http.module.js';
import { EvidenceHttpModule } from '#evidence/adapters/http/evidence.http.module.js';
import { KeysHttpModule } from '#keys/adapters/http/keys.http.module.js';
import { OperationsHttpModule } from '#operations/adapters/http/operations.http.module.js';
import { PoliciesHttpModule } from '#policies/adapters/http/policies.http.module.js';
import { TimeHttpModule } from '#platform/time/http/time.http.module.js';
import { SigningHttpModule } from '#signing/adapters/http/signing.http.module.js';
import { HealthModule } from './health/health.module.js';
import { DocumentationModule } from './openapi/documentation.module.js';

/** Everything that the api serves over HTTP. The app adds a global CqrsModule with the handlers, and the Authenticator. */
export const API_HTTP_MODULES = [KeysHttpModule, OperationsHttpModule, AdministrationHttpModule, SigningHttpModule, EvidenceHttpModule, PoliciesHttpModule, TimeHttpModule, HealthModule, DocumentationModule];
