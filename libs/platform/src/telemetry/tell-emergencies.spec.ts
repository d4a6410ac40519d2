import type { NewEvent } from '#eventing/event-store.port.js';
import type { Log } from '../logging/log.js';
import type { Metrics } from './metrics.js';
import { tellEmergencies } from './tell-emergencies.js';

const event = (type: string, data: unknown = {}): NewEvent => ({ id: 'e', type: `operations.${type}.v1`, data, metadata: { commandId: 'c', actor: { issuer: 'https://idp.example', subject: 'dana' }, at: '2026-11-20T12:00:00.000Z' } });
const told = (...events: readonly NewEvent[]): { readonly lines: readonly unknown[]; readonly counted: readonly string[] } => {
  const lines: unknown[] = [];
  const counted: string[] = [];
  const quiet = (): void => {
    throw new Error('an emergency is an error, or nothing');
  };
  const log: Log = { debug: quiet, info: quiet, warn: quiet, error: (fields, message) => lines.push([fields, message]) };
  tellEmergencies({ emergency: (stage) => void counted.push(stage) } as Metrics, log, events, 'operation-1');
  return { lines, counted };
};
const WHO = { stream: 'operation-1', issuer: 'https://idp.example', subject: 'dana' };

describe('emergencies', () => {
  it.each<readonly [string, unknown, string]>([
    ['requested', { emergency: true, personal: { emergencyReason: 'a secret reason' } }, 'requested'],
    ['review-opened', {}, 'used'],
    ['review-closed', { verdict: 'not-justified' }, 'not-justified'],
    ['review-overdue', { keyIds: ['fw'] }, 'overdue'],
  ])('%s: told with who and where, and counted', (type, data, stage) => {
    const { lines, counted } = told(event(type, data));
    expect(lines).toEqual([[WHO, expect.stringContaining('emergency')]]);
    expect(counted).toEqual([stage]);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('one that was found justified is counted', () => expect(told(event('review-closed', { verdict: 'justified' }))).toEqual({ lines: [], counted: ['justified'] }));

  it('nothing else is one', () => expect(told(event('requested', {}), event('requested', { emergency: false }), event('uses-reserved'), event('review-given', { verdict: 'not-justified' }))).toEqual({ lines: [], counted: [] }));
});
