import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '#eventing/pause.js';
import { openEmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import { atMost, figure } from './bench-report.js';
import type { Row } from './bench-report.js';
import { BenchService } from './bench-service.js';
import { keepAliveLoad, requestBytes } from './keep-alive-load.js';
import { pendingOperation, queueApprover } from './pending-operations.js';

const PENDING = 100_000;
const APPROVERS = 1_000;
const PAGE = 50;
const APPENDS_AT_ONCE = 1_000;
const REQUESTS = 1_500;
const MOST_SECONDS = 20;
const P99_MS = 20;
const LOOK_MS = 200;
const ROWS_MS = 120_000;

/**
 * Approvers' queues over HTTP, one request after the other and each of another person, while so many operations wait for nested policies.
 * @param events folder of a log that `seedQueue` made @param readModel `embedded` or a URL
 */
export async function queueTimes(name: string, dir: string, events: string, readModel: string): Promise<readonly Row[]> {
  cpSync(events, join(dir, 'data', 'events'), { recursive: true });
  const service = await BenchService.start(dir, 1, { readModel });
  try {
    const people = Array.from({ length: APPROVERS }, (_, n) => queueApprover(n)).map(({ subject, groups }) => service.token(subject, ['approver'], groups));
    // What is asked for now comes behind all others.
    const { operationId } = await service.request();
    for (const until = performance.now() + ROWS_MS; !(await service.newest(1)).includes(operationId); await pause(LOOK_MS)) {
      if (performance.now() > until) throw new Error('the rows did not come in time');
    }
    const requests = people.map((token) => requestBytes(`/v1/approvals/queue?limit=${PAGE}`, { Authorization: `Bearer ${token}` }, '', 'GET'));
    let sent = 0;
    const request = (): Buffer => requests[(sent += 1) % requests.length] ?? Buffer.alloc(0);
    const full = (status: number, body: string): boolean => status === 200 && body.includes('"nextCursor"');
    // Once each: what a token tells of somebody is written down when it is first seen.
    await keepAliveLoad(service.port, request, 1, MOST_SECONDS, { expected: full, requests: APPROVERS });
    const load = await keepAliveLoad(service.port, request, 1, MOST_SECONDS, { expected: full, requests: REQUESTS });
    if (load.refused > 0) throw new Error(`the queue was answered otherwise than it should be: ${load.example ?? ''}`);
    const what = `queue of ${PENDING} pending, ${APPROVERS} approvers in nested policies, rows in ${name}`;
    return [figure(`${what}: p50`, load.p50, 'ms'), atMost(`${what}: p99`, load.p99, 'ms', P99_MS)];
  } finally {
    await service.close();
  }
}

/** An embedded log of operations that wait. @returns its folder */
export async function seedQueue(dir: string): Promise<string> {
  mkdirSync(dir, { recursive: true });
  const log = await openEmbeddedLog({ dir });
  try {
    const now = Date.now();
    for (let from = 0; from < PENDING; from += APPENDS_AT_ONCE) {
      await Promise.all(Array.from({ length: APPENDS_AT_ONCE }, (_, i) => {
        const { stream, events } = pendingOperation(from + i, PENDING, now);
        return log.store.append(stream, 'no-stream', events);
      }));
    }
  } finally {
    await log.close();
  }
  return dir;
}
