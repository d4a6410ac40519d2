import type { ErrorCode } from '#kernel/error-code.js';

/** Injection token of the `MetricsSource`. */
export const METRICS_SOURCE = Symbol('MetricsSource');
/** Injection token of the `HttpMetrics`. */
export const HTTP_METRICS = Symbol('HttpMetrics');

/** Everything that `/metrics` shows. */
export interface MetricsSource {
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export interface HttpMetrics {
  /** One request that was answered. @param route its pattern (`/v1/keys/:keyId`), never its path; `unmatched` where there is none @param seconds from headers read to answer sent */
  observe(method: string, route: string, status: number, seconds: number): void;
  /** One problem that was answered, with the code it carried; also to what never became a request. */
  refused?(code: ErrorCode): void;
}
