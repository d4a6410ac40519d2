import type { AllStreamResolvedEvent, ResolvedEvent, StreamingRead } from '@eventstore/db-client';
import type { ClientRecord } from './event-record.js';
import { TooLateError } from './within.js';

/**
 * All events of one read, which the client itself would wait for without end.
 * @throws what the client emits; TooLateError after `ms`, when the read has been cancelled
 */
export function collect(read: StreamingRead<ResolvedEvent> | StreamingRead<AllStreamResolvedEvent>, ms: number): Promise<readonly ClientRecord[]> {
  return new Promise((resolve, reject) => {
    const records: ClientRecord[] = [];
    const timer = setTimeout(() => {
      reject(new TooLateError(`not read after ${ms} ms`));
      read.cancel().catch(() => undefined);
    }, ms);
    read.on('data', ({ event }: ResolvedEvent | AllStreamResolvedEvent) => {
      if (event !== undefined) records.push(event);
    });
    read.on('end', () => {
      clearTimeout(timer);
      resolve(records);
    });
    // Stays: an error that comes after the end of the wait is not an uncaught one.
    read.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
