import type { PresenceReport } from '#eventing/presence.port.js';
import { PRESENCE_EVERY_MS, PRESENCE_SILENT_MS } from '#eventing/presence.port.js';
import { jest } from '@jest/globals';
import type { LogFields } from '../logging/log.js';
import type { PeerFacts } from './metrics.js';
import { PEERS_EVERY_MS, watchPeers } from './watch-peers.js';
import type { WatchedPeers } from './watch-peers.js';

const T = Date.parse('2026-11-20T12:00:00.000Z');

describe('watchPeers', () => {
  let passed: number;
  let shown: readonly PeerFacts[];
  const warnings: LogFields[] = [];
  let peers: WatchedPeers;
  beforeEach(() => {
    jest.useFakeTimers();
    passed = 0;
    shown = [];
    warnings.length = 0;
    const clock = { wall: () => T + passed, monotonic: () => passed };
    const none = (): void => undefined;
    peers = watchPeers({ self: { incarnation: 'me' }, clock, metrics: { peers: (facts) => (shown = facts) }, log: { debug: none, info: none, error: none, warn: (fields) => void warnings.push(fields) } });
  });
  afterEach(() => {
    peers.stop();
    jest.useRealTimers();
  });
  const pass = (ms: number): void => {
    passed += ms;
    jest.advanceTimersByTime(ms);
  };
  const hear = (name: string, ahead = 0, over: Partial<PresenceReport> = {}): void => peers.hear({ kind: 'signer', name, incarnation: name, down: null, at: new Date(T + passed + ahead).toISOString(), ...over });
  const often = (report: () => void, times = 5): void => {
    for (let i = 0; i < times; i += 1) {
      pass(PRESENCE_EVERY_MS);
      report();
    }
    pass(PEERS_EVERY_MS);
  };

  it('shows who is there, and how far their clocks are', () => {
    often(() => {
      hear('s-1', -2_000);
      hear('s-2', 0, { down: 'HSM: TOKEN_MISSING' });
      hear('me', 0, { incarnation: 'me' });
    });
    expect(shown).toEqual([
      { kind: 'signer', name: 's-1', working: true, skewSeconds: 2 },
      { kind: 'signer', name: 's-2', working: false, skewSeconds: 0 },
    ]);
    pass(PRESENCE_SILENT_MS + PEERS_EVERY_MS);
    expect(shown).toEqual([]);
  });

  it('tells of a clock more than a second apart, once in a while', async () => {
    often(() => hear('s-1', 1_500), 100);
    expect(warnings).toEqual([{ host: 'signer/s-1', skewMs: -1_500 }]);
    often(() => hear('s-1', 1_500), 200);
    expect(warnings).toHaveLength(2);
    expect(await peers.clockCheck.check()).toBeUndefined();
  });

  it('is not ready with a clock that is a minute away from all others', async () => {
    often(() => hear('s-1', 61_000));
    expect(await peers.clockCheck.check()).toContain('61 s behind that of signer/s-1');
  });
});
