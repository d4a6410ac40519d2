import { Peers, reportPresence } from './presence.js';
import { PRESENCE_SILENT_MS } from './presence.port.js';
import type { PresenceBoard, PresenceReport } from './presence.port.js';

const report = (over: Partial<PresenceReport> = {}): PresenceReport => ({ kind: 'signer', name: 'signer-1', incarnation: 'a', down: null, at: '2026-01-01T00:00:00.000Z', ...over });

describe('what a process has heard of the others', () => {
  let now = 0;
  let peers: Peers;
  beforeEach(() => {
    now = 1_000;
    peers = new Peers({ monotonic: () => now });
  });

  it('is nothing at first', () => {
    expect(peers.down('signer')).toBe('no signer has reported for 15 s');
  });

  it('is that one does its work, until it has been silent for 15 s', () => {
    peers.hear(report());
    now += PRESENCE_SILENT_MS;
    expect(peers.down('signer')).toBeUndefined();
    now += 1;
    expect(peers.down('signer')).toBe('no signer has reported for 15 s');
  });

  it('is that of another kind says nothing of this one', () => {
    peers.hear(report({ kind: 'worker' }));
    expect(peers.down('signer')).toBeDefined();
  });

  it('is why none works, and that one of several works', () => {
    peers.hear(report({ down: 'HSM: PIN_INCORRECT' }));
    expect(peers.down('signer')).toBe('HSM: PIN_INCORRECT');
    peers.hear(report({ name: 'signer-2' }));
    expect(peers.down('signer')).toBeUndefined();
    peers.hear(report({ name: 'signer-2', down: 'it was stopped' }));
    expect(peers.down('signer')).toBe('HSM: PIN_INCORRECT');
  });

  it('stays bounded, and forgets those first who have been silent longest', () => {
    peers.hear(report({ name: 'first' }));
    for (let n = 0; n < 1_000; n += 1) peers.hear(report({ name: `signer-${n}` }));
    const names = peers.present('signer').map(({ name }) => name);
    expect(names).toHaveLength(1_000);
    expect(names).not.toContain('first');
  });
});

describe('telling the others', () => {
  it('happens at once, at a change, again and again, and at the end; what fails is told the next time', async () => {
    const told: PresenceReport[] = [];
    let broken = false;
    const board: PresenceBoard = { report: (one) => (broken ? Promise.reject(new Error('no')) : (told.push(one), Promise.resolve())), follow: () => Promise.resolve() };
    let now = 0;
    const self: { down?: string } = {};
    const stopping = new AbortController();
    const telling = reportPresence(board, { kind: 'worker', name: 'w', incarnation: 'i' }, () => self.down, { wall: () => now, monotonic: () => now }, stopping.signal);
    const hasTold = async (count: number): Promise<void> => {
      for (let n = 0; told.length < count && n < 100; n += 1) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(told).toHaveLength(count);
    };
    await hasTold(1);
    self.down = 'lost';
    await hasTold(2);
    broken = true;
    now += 3_000;
    await new Promise((resolve) => setTimeout(resolve, 250));
    broken = false;
    now += 3_000;
    await hasTold(3);
    stopping.abort();
    await telling;
    expect(told.map((one) => one.down)).toEqual([null, 'lost', 'lost', 'it was stopped']);
    expect(told[0]).toEqual({ kind: 'worker', name: 'w', incarnation: 'i', down: null, at: '1970-01-01T00:00:00.000Z' });
  });
});
