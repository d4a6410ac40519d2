import type { TrailEvent } from './answers.js';
import { table } from './terminal.js';

const HEADS = ['when (UTC)', 'who', 'what', 'details'];
/** `operations.approval-given.v1` → `approval-given` */
export const nameOf = ({ type }: TrailEvent): string => type.replace(/^[a-z]+\./, '').replace(/\.v\d+$/, '');

type Json = Readonly<Record<string, unknown>>;
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);
const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
const digestsOf = (data: Json): readonly string[] => (Array.isArray(data['digests']) ? data['digests'].map(textOf) : []);

/** The digests that signatures were made of, in the order of the trail. */
export const signedDigests = (events: readonly TrailEvent[]): readonly string[] => events.filter((e) => nameOf(e) === 'completed').flatMap((e) => digestsOf(e.data));

/** How many uses the trail books as spent. */
export const spentUses = (events: readonly TrailEvent[]): number =>
  events.filter((e) => nameOf(e) === 'uses-settled').flatMap((e) => listOf(e.data['settled'])).reduce((sum, s) => sum + (typeof s['spent'] === 'number' ? s['spent'] : 0), 0);

export const trailTable = (events: readonly TrailEvent[]): readonly string[] => table(HEADS, events.map((e) => [e.at.slice(11, 23), e.actor.subject, nameOf(e), detailOf(e)]));

function detailOf(event: TrailEvent): string {
  const { data } = event;
  switch (nameOf(event)) {
    case 'requested':
      return listOf(data['keyUsages']).map((g) => `${textOf(g['keyId'])} × ${textOf(g['maxUsageCount'])}`).join(', ');
    case 'approval-given':
      return `over the request ${short(textOf(data['requestDigest']))}`;
    case 'uses-reserved':
      return `${textOf(data['keyId'])} × ${textOf(data['count'])}`;
    case 'started':
    case 'completed':
      return `${textOf(data['keyId'])}, SHA-256 ${digestsOf(data).map(short).join(' ')}`;
    case 'uses-settled':
      return listOf(data['settled']).map((s) => `${textOf(s['keyId'])} × ${textOf(s['spent'])} spent`).join(', ');
    case 'decision-refused':
      return textOf(data['code']);
    case 'use-refused':
      return [textOf(data['code']), textOf(data['keyId'])].filter((text) => text !== '').join(', ');
    default:
      return '';
  }
}

/** Enough of a base64 digest to tell it from others. */
export const short = (digest: string): string => `${digest.slice(0, 10)}…`;
