import type { EventStore } from '#eventing/event-store.port.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import type { ReadModelProgress } from '#platform/read-model/read-model-progress.js';
import { joined, literal, sql } from '#platform/read-model/sql.js';
import type { ApprovedFor, ApproverPair, ApproverPairs } from '../../application/ports/approver-pairs.port.js';

const CATCH_UP_MS = 2_000;
/** SQLite takes expressions up to a depth of 1,000. */
const ASKED_TOGETHER = 200;

type PairRow = { readonly requesterIssuer: string; readonly requesterSubject: string; readonly issuer: string; readonly subject: string; readonly approvals: number | string; readonly lastAt: string };

type ApprovedRow = { readonly requesterIssuer: string; readonly requesterSubject: string; readonly issuer: string; readonly subject: string; readonly principalIssuer: string; readonly principalSubject: string };

function approvedFor({ requesterIssuer, requesterSubject, issuer, subject, principalIssuer, principalSubject }: ApprovedRow): readonly ApprovedFor[] {
  const requester = { issuer: requesterIssuer, subject: requesterSubject };
  const given = { requester, approver: { issuer, subject } };
  return principalSubject === '' ? [given] : [given, { requester, approver: { issuer: principalIssuer, subject: principalSubject } }];
}

export class SqlApproverPairs implements ApproverPairs {
  constructor(private readonly database: ReadModelDatabase, private readonly progress: Pick<ReadModelProgress, 'waitFor'>, private readonly store: EventStore) {}

  async approversOf(requesters: readonly Actor[], since: Instant, { fresh }: { readonly fresh: boolean }): Promise<readonly ApprovedFor[]> {
    const head = fresh ? (await this.store.readAll({ limit: 1, direction: 'backward' }))[0]?.position : undefined;
    if (head !== undefined && !(await this.progress.waitFor(head, CATCH_UP_MS))) throw new StoreUnavailableError('the read model lags behind: who approved for whom is not known yet');
    const found: ApprovedFor[] = [];
    for (let from = 0; from < requesters.length; from += ASKED_TOGETHER) {
      const asked = joined(requesters.slice(from, from + ASKED_TOGETHER).map((r) => sql`(o.requester_subject = ${r.subject} AND o.requester_issuer = ${r.issuer})`), ' OR ');
      const rows = await this.database.query<ApprovedRow>(sql`
        SELECT DISTINCT o.requester_issuer AS "requesterIssuer", o.requester_subject AS "requesterSubject", d.issuer AS issuer, d.subject AS subject, d.principal_issuer AS "principalIssuer", d.principal_subject AS "principalSubject"
        FROM operation o JOIN operation_decider d ON d.requested_position = o.requested_position
        WHERE (${asked}) AND d.decision = 'approve' AND d.decided_at >= ${since}`);
      found.push(...rows.flatMap(approvedFor));
    }
    return found;
  }

  async pairs(from: Instant | null, to: Instant | null, limit: number): Promise<readonly ApproverPair[]> {
    const rows = await this.database.query<PairRow>(sql`
      SELECT o.requester_issuer AS "requesterIssuer", o.requester_subject AS "requesterSubject", d.issuer AS issuer, d.subject AS subject, COUNT(*) AS approvals, MAX(d.decided_at) AS "lastAt"
      FROM operation_decider d JOIN operation o ON o.requested_position = d.requested_position
      WHERE d.decision = 'approve' ${from === null ? literal('') : sql`AND d.decided_at >= ${from}`} ${to === null ? literal('') : sql`AND d.decided_at < ${to}`}
      GROUP BY o.requester_issuer, o.requester_subject, d.issuer, d.subject ORDER BY COUNT(*) DESC, MAX(d.decided_at) DESC LIMIT ${limit}`);
    return rows.map((r) => ({ requester: { issuer: r.requesterIssuer, subject: r.requesterSubject }, approver: { issuer: r.issuer, subject: r.subject }, approvals: Number(r.approvals), lastAt: r.lastAt }));
  }
}
