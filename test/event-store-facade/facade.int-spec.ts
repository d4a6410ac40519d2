import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, eventTypeFilter, streamNameFilter } from '@eventstore/db-client';
import { pause } from '#eventing/pause.js';
import { workerEntry } from '#platform/worker-entry.js';
import { classOf, errorOf, follow, onPath, openFacade, PATHS, someEvent, someEvents } from './testing-client.js';
import type { Opened } from './testing-client.js';

type Position = { readonly commit: bigint; readonly prepare: bigint };

describe('the facade', () => {
  let opened: Opened;
  beforeEach(async () => {
    opened = await openFacade();
  });
  afterEach(() => opened.close());

  const positions = async (): Promise<readonly Position[]> => {
    const found: Position[] = [];
    for await (const { event } of opened.client.readAll()) if (event !== undefined) found.push(event.position);
    return found;
  };

  it('gives an append the position of its last event', async () => {
    const { position } = await opened.append('classic', 's', someEvents(3));
    expect(position).toEqual((await positions()).at(-1));
  });

  it('reads forward with the given position and backward without it, and nothing past the end', async () => {
    await opened.append('classic', 's', someEvents(4));
    const [, second, third, last] = await positions();
    if (second === undefined || third === undefined || last === undefined) throw new Error('four events');
    const read = async (direction: 'forwards' | 'backwards', fromPosition: Position): Promise<readonly bigint[]> => {
      const revisions: bigint[] = [];
      for await (const { event } of opened.client.readAll({ direction, fromPosition })) if (event !== undefined) revisions.push(event.revision);
      return revisions;
    };
    expect(await read('forwards', third)).toEqual([2n, 3n]);
    expect(await read('backwards', third)).toEqual([1n, 0n]);
    expect(await read('forwards', { commit: last.commit + 100n, prepare: last.prepare + 100n })).toEqual([]);
    expect(await errorOf(read('forwards', { commit: second.commit + 1n, prepare: second.prepare + 1n }))).toMatchObject({ code: 3 });
  });

  it('keeps data and metadata as they are, and when', async () => {
    const before = Date.now();
    await opened.append('batch', 's', { ...someEvent('t', { text: 'Ünïcødé 🔑 \u0000', nested: [null, -1.5e-7] }), metadata: { by: 'somebody' } });
    await opened.append('batch', 's', { id: '11111111-1111-4111-8111-111111111111', contentType: 'application/octet-stream', type: 'bytes', data: new Uint8Array([0, 255, 128]), metadata: undefined });
    const events = [];
    for await (const { event } of opened.client.readStream('s')) events.push(event);
    expect(events).toMatchObject([
      { isJson: true, data: { text: 'Ünïcødé 🔑 \u0000', nested: [null, -1.5e-7] }, metadata: { by: 'somebody' } },
      { isJson: false, data: new Uint8Array([0, 255, 128]), metadata: undefined },
    ]);
    expect(events[0]?.created.getTime()).toBeGreaterThanOrEqual(before);
    expect(events[0]?.created.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('says caughtUp at once in an empty store and on a missing stream', async () => {
    for (const subscribe of [() => opened.client.subscribeToAll(), () => opened.client.subscribeToStream('missing')]) {
      const followed = follow(subscribe());
      await followed.caughtUp(1);
      await followed.subscription.unsubscribe();
    }
    expect(opened.facade.control.status().position).toBe(0);
  });

  it('follows from after a position, in order, exactly once', async () => {
    await opened.append('classic', 's', someEvents(3));
    const [, second] = await positions();
    if (second === undefined) throw new Error('three events');
    const followed = follow(opened.client.subscribeToAll({ fromPosition: second }));
    await followed.caughtUp(1);
    await Promise.all(Array.from({ length: 40 }, (_, n) => opened.append(n % 2 === 0 ? 'classic' : 'batch', `t-${n}`, someEvents(5))));
    await followed.events(201);
    const events = followed.log.filter((line) => line.includes('@'));
    expect(events[0]).toBe('s@2');
    expect(new Set(events).size).toBe(201);
    for (let n = 0; n < 40; n += 1) expect(events.filter((line) => line.startsWith(`t-${n}@`))).toEqual([0, 1, 2, 3, 4].map((revision) => `t-${n}@${revision}`));
    await followed.subscription.unsubscribe();
  });

  it('filters by name and by type, and gives checkpoints that are not ahead of a match', async () => {
    for (let n = 0; n < 10; n += 1) await opened.append('classic', `other-${n}`, someEvents(20));
    await opened.append('classic', 'key-1', [someEvent('made'), someEvent('used')]);
    const all = await positions();
    const checkpoints: bigint[] = [];
    const filter = streamNameFilter({ prefixes: ['key-'], checkpointInterval: 2, checkpointReached: async (_subscription, { commit }) => void checkpoints.push(commit) });
    const followed = follow(opened.client.subscribeToAll({ filter }));
    await followed.caughtUp(1);
    await followed.events(2);
    // Every 64 considered events, and at the end of catching up.
    expect(checkpoints).toEqual([all[63], all[127], all[191], all[201]].map((position) => position?.commit));
    await opened.append('classic', 'other-1', someEvents(64));
    while (checkpoints.length < 5) await pause(5);
    await opened.append('classic', 'key-1', someEvent());
    await followed.events(3);
    await followed.subscription.unsubscribe();
    const typed = follow(opened.client.subscribeToAll({ filter: eventTypeFilter({ regex: '^(made|used)$' }) }));
    await typed.caughtUp(1);
    await typed.events(2);
    await typed.subscription.unsubscribe();
    expect(opened.facade.control.status().subscriptions).toBeLessThanOrEqual(1);
  });

  it('lets a slow reader take his time', async () => {
    const pad = 'x'.repeat(1_000);
    for (let n = 0; n < 20; n += 1) await opened.append('batch', 's', Array.from({ length: 100 }, () => someEvent('padded', { pad })));
    const followed = follow(opened.client.subscribeToAll());
    followed.subscription.on('data', () => {
      if (followed.log.length % 100 !== 0) return;
      followed.subscription.pause();
      setTimeout(() => followed.subscription.resume(), 2);
    });
    await followed.events(2_000);
    expect(followed.log.filter((line) => line.includes('@'))).toEqual(Array.from({ length: 2_000 }, (_, revision) => `s@${revision}`));
    await followed.subscription.unsubscribe();
  });
});

describe('the facade on the disk', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'countersign-facade-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('reads and follows what was written before its start, across pages, exactly once', async () => {
    const first = await openFacade({ dir });
    for (let n = 0; n < 20; n += 1) await first.append('classic', n % 2 === 0 ? 'even' : 'odd', someEvents(30));
    await first.close();
    const opened = await openFacade({ dir });
    const all: { readonly line: string; readonly position: Position }[] = [];
    for await (const { event } of opened.client.readAll()) if (event !== undefined) all.push({ line: `${event.streamId}@${event.revision}`, position: event.position });
    expect(all).toHaveLength(600);
    expect(new Set(all.map(({ line }) => line)).size).toBe(600);
    const after = all[99]?.position;
    if (after === undefined) throw new Error('a hundred events');
    const rest = all.slice(100).map(({ line }) => line);
    for (const filter of [undefined, streamNameFilter({ prefixes: ['odd'] })]) {
      const expected = filter === undefined ? rest : rest.filter((line) => line.startsWith('odd'));
      const followed = follow(opened.client.subscribeToAll({ fromPosition: after, ...(filter === undefined ? {} : { filter }) }));
      await followed.events(expected.length);
      await followed.caughtUp(1);
      await opened.append('classic', 'odd', someEvent());
      await followed.events(expected.length + 1);
      expect(followed.log.filter((line) => line.includes('@')).slice(0, expected.length)).toEqual(expected);
      await followed.subscription.unsubscribe();
      rest.push(followed.log.at(-1) ?? '');
    }
    const tail: bigint[] = [];
    for await (const { event } of opened.client.readAll({ fromPosition: after, maxCount: 300 })) if (event !== undefined) tail.push(event.position.commit);
    expect(tail).toEqual(all.slice(99, 399).map(({ position }) => position.commit));
    await opened.close();
  });
});

describe('the facade as a process of its own', () => {
  let dir: string;
  const children: ChildProcess[] = [];
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'countersign-facade-'))));
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  const start = async (faults?: string): Promise<{ readonly child: ChildProcess; readonly client: EventStoreDBClient; readonly control: string }> => {
    const main = workerEntry('test/event-store-facade/main');
    const env = { ...process.env, ...(faults === undefined ? {} : { EVENT_STORE_FACADE_FAULTS: faults }) };
    const child = spawn(process.execPath, [main, '--port', '0', '--control-port', '0', '--dir', dir], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { url, controlPort } = JSON.parse(line.toString()) as { readonly url: string; readonly controlPort: number };
    return { child, client: EventStoreDBClient.connectionString(url), control: `http://127.0.0.1:${controlPort}` };
  };
  const end = async (child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
    const exited = once(child, 'exit');
    child.kill(signal);
    return ((await exited) as [number | null])[0];
  };

  it.each(PATHS)('keeps what it acknowledged over a kill, and knows a retry by its revision, but not one at any: %s', async (path) => {
    const first = await start();
    const [sent, atAny] = [someEvents(2), someEvent('at any')];
    const before = await first.client.appendToStream('s', sent, { expectedRevision: 'no_stream', ...onPath(path) });
    await first.client.appendToStream('t', atAny, onPath(path));
    await first.client.appendToStream('t', atAny, onPath(path));
    await end(first.child, 'SIGKILL');
    const second = await start();
    expect(await second.client.appendToStream('s', sent, { expectedRevision: 'no_stream', ...onPath(path) })).toEqual(before);
    expect((await second.client.appendToStream('t', atAny, onPath(path))).nextExpectedRevision).toBe(1n);
    expect(await end(second.child, 'SIGTERM')).toBe(0);
  });

  it('takes orders of faults from the environment and over HTTP', async () => {
    const { child, client, control } = await start(JSON.stringify([{ on: 'append', action: { kind: 'cut', when: 'after-commit' } }]));
    const append = () => client.appendToStream('s', someEvent(), { deadline: 1_000, ...onPath('classic') });
    const call = async (method: string, path: string, body?: unknown): Promise<readonly [status: number, body: unknown]> => {
      const response = await fetch(control + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      return [response.status, await response.json()];
    };
    expect(await classOf(append())).toBe('UnavailableError');
    expect(await call('GET', '/faults')).toMatchObject([200, [{ id: 'fault-1', fired: 1 }]]);
    expect(await call('DELETE', '/faults/fault-1')).toEqual([200, {}]);
    expect(await call('DELETE', '/faults/fault-1')).toMatchObject([404, {}]);
    expect(await call('POST', '/faults', { on: 'append', action: { kind: 'not-leader', host: '127.0.0.1', port: 1 }, times: 0 })).toEqual([200, { ids: ['fault-2'] }]);
    expect(await classOf(append())).toBe('NotLeaderError');
    expect(await call('POST', '/faults', { on: 'append', action: { kind: 'drop', ms: 1 } })).toMatchObject([400, { error: 'action has no field ms' }]);
    expect(await call('DELETE', '/faults')).toEqual([200, {}]);
    expect(await call('POST', '/unavailable', { ms: 60_000 })).toEqual([200, {}]);
    const other = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${(await portOf(call))}?tls=false`);
    expect(await classOf(other.appendToStream('s', someEvent(), onPath('classic')))).toBe('UnavailableError');
    expect(await call('DELETE', '/faults')).toEqual([200, {}]);
    expect(await call('POST', '/down', { ms: 'long' })).toMatchObject([400, {}]);
    expect(await call('POST', '/down', { ms: 1 })).toEqual([200, {}]);
    expect(await call('POST', '/cut')).toEqual([200, {}]);
    expect(await end(child, 'SIGTERM')).toBe(0);
  });

  it('does not start with an order that makes no sense', async () => {
    const main = workerEntry('test/event-store-facade/main');
    const child = spawn(process.execPath, [main, '--port', '0', '--memory'], { env: { ...process.env, EVENT_STORE_FACADE_FAULTS: '{"on":"append"}' }, stdio: 'ignore' });
    children.push(child);
    expect(await once(child, 'exit')).toEqual([1, null]);
  });
});

const portOf = async (call: (method: string, path: string) => Promise<readonly [number, unknown]>): Promise<number> => ((await call('GET', '/status'))[1] as { readonly port: number }).port;
