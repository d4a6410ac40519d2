import type { LoggerService } from '@nestjs/common';
import type { Log } from '#platform/logging/log.js';

/** Nest's own messages, in our log. Those of the start (modules, routes) are for whoever debugs. */
export class NestLog implements LoggerService {
  constructor(private readonly to: Log) {}

  log(message: unknown): void {
    this.to.debug({ notice: textOf(message) }, 'framework');
  }
  debug(message: unknown): void {
    this.log(message);
  }
  verbose(message: unknown): void {
    this.log(message);
  }
  warn(message: unknown): void {
    this.to.warn({ notice: textOf(message) }, 'framework');
  }
  error(message: unknown): void {
    this.to.error(message instanceof Error ? { error: message } : { notice: textOf(message) }, 'framework');
  }
  fatal(message: unknown): void {
    this.error(message);
  }
}

const textOf = (message: unknown): string => (message instanceof Error ? message.message : typeof message === 'string' ? message : typeof message);
