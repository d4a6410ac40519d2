import { createRequire } from 'node:module';
import { credentials } from '@grpc/grpc-js';
import type * as streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { pause } from '#eventing/pause.js';
import { emptyPb, sharedPb, streamsPb } from './grpc/generated.js';
import { classOf, errorOf, follow, openFacade, PATHS, someEvent, someEvents } from './testing-client.js';
import type { Opened } from './testing-client.js';

const { StreamsClient } = createRequire(import.meta.url)('@eventstore/db-client/generated/streams_grpc_pb.js') as typeof streamsService;

describe('faults, as the unmodified client sees them', () => {
  let opened: Opened;
  beforeEach(async () => {
    opened = await openFacade();
  });
  afterEach(() => opened.close());

  describe.each(PATHS)('an append on the %s path', (path) => {
    it('is answered late, and is there before', async () => {
      opened.facade.control.add({ on: 'append', action: { kind: 'delay', ms: 500 } });
      let answered = false;
      const late = opened.append(path, 's', someEvent()).then(() => (answered = true));
      while ((await opened.types('s')).length === 0) await pause(5);
      expect(answered).toBe(false);
      await late;
    });

    it('is decided late when it is slow', async () => {
      opened.facade.control.add({ on: 'append', type: 'slow', action: { kind: 'slow', ms: 200 } });
      const slow = classOf(opened.append(path, 's', someEvent('slow'), 'no_stream'));
      await opened.append(path, 's', someEvent('fast'), 'no_stream');
      expect(await slow).toBe('WrongExpectedVersionError');
      expect(await opened.types('s')).toEqual(['fast']);
    });

    it('is cut before anything was written', async () => {
      opened.facade.control.add({ on: 'append', action: { kind: 'cut', when: 'before-commit' } });
      expect(await classOf(opened.append(path, 's', someEvent()))).toBe('UnavailableError');
      expect(await opened.types('s')).toEqual([]);
      await opened.append(path, 's', someEvent('next'), 'no_stream');
    });

    it('is cut after it was written, and the identical one is a retry', async () => {
      opened.facade.control.add({ on: 'append', action: { kind: 'cut', when: 'after-commit' } });
      const event = someEvent();
      expect(await classOf(opened.append(path, 's', event, 'no_stream'))).toBe('UnavailableError');
      expect(await opened.types('s')).toEqual(['happened']);
      expect((await opened.append(path, 's', event, 'no_stream')).nextExpectedRevision).toBe(0n);
      expect(await opened.types('s')).toEqual(['happened']);
    });

    it('is sent to the leader', async () => {
      const leader = await openFacade();
      opened.facade.control.add({ on: 'append', action: { kind: 'not-leader', host: '127.0.0.1', port: leader.facade.port } });
      const error = await errorOf(opened.append(path, 's', someEvent()));
      expect(error.constructor.name).toBe('NotLeaderError');
      expect(error).toMatchObject({ leader: { address: '127.0.0.1', port: leader.facade.port } });
      await opened.append(path, 's', someEvent('at the leader'));
      expect(await leader.types('s')).toEqual(['at the leader']);
      await leader.close();
    });

    it('finds the server unavailable for a while', async () => {
      opened.facade.control.add({ on: 'append', nth: 2, action: { kind: 'unavailable', ms: 60_000 } });
      await opened.append(path, 's', someEvent());
      expect((await errorOf(opened.append(path, 's', someEvent()))).constructor.name).toBe('UnavailableError');
      expect(await classOf(opened.append(path, 's', someEvent()))).toMatch(/^(Unavailable|Unknown)?Error$/u);
      expect(await classOf(opened.types('s'))).toBe('UnavailableError');
      opened.facade.control.clear();
      expect(await opened.types('s')).toEqual(['happened']);
    });

    it('is refused over 1 MiB of data, and taken at it', async () => {
      const ofBytes = (bytes: number) => someEvent('big', { pad: 'x'.repeat(bytes - '{"pad":""}'.length) });
      const error = await errorOf(opened.append(path, 's', ofBytes(1_048_577)));
      expect(error.constructor.name).toBe('MaxAppendSizeExceededError');
      expect(error).toMatchObject({ maxAppendSize: 1_048_576 });
      await opened.append(path, 's', ofBytes(1_048_576));
      expect(await opened.types('s')).toEqual(['big']);
    });

    it('has another limit where that was set', async () => {
      const small = await openFacade({ maxAppendBytes: 100 });
      const error = await errorOf(small.append(path, 's', someEvents(20)));
      expect(error).toMatchObject({ maxAppendSize: 100 });
      await small.close();
    });

    it('of 16 MiB exhausts the server', async () => {
      expect(await errorOf(opened.append(path, 's', someEvent('huge', { pad: 'x'.repeat(16 * 1024 * 1024) })))).toMatchObject({ code: 8 });
    });
  });

  it('a classic append that is never answered ends by its deadline, and is there', async () => {
    opened.facade.control.add({ on: 'append', action: { kind: 'drop' } });
    expect(await classOf(opened.append('classic', 's', someEvent(), 'any', 200))).toBe('DeadlineExceededError');
    expect(await opened.types('s')).toEqual(['happened']);
  });

  it('a classic append that is answered twice has an unknown outcome', async () => {
    opened.facade.control.add({ on: 'append', action: { kind: 'twice' } });
    expect(await errorOf(opened.append('classic', 's', someEvent()))).toMatchObject({ code: 12 });
    expect(await opened.types('s')).toEqual(['happened']);
  });

  it('a batch append is answered twice under the same correlation', async () => {
    // The client itself would end the process over the second answer.
    opened.facade.control.add({ on: 'append', action: { kind: 'twice' } });
    const raw = new StreamsClient(`127.0.0.1:${opened.facade.port}`, credentials.createInsecure());
    const call = raw.batchAppend();
    const options = new streamsPb.BatchAppendReq.Options().setStreamIdentifier(new sharedPb.StreamIdentifier().setStreamName(Buffer.from('s'))).setAny(new emptyPb.Empty());
    const message = new streamsPb.BatchAppendReq.ProposedMessage().setId(new sharedPb.UUID().setString('11111111-1111-4111-8111-111111111111'));
    call.write(new streamsPb.BatchAppendReq().setCorrelationId(new sharedPb.UUID().setString('c')).setOptions(options).setProposedMessagesList([message]).setIsFinal(true));
    call.end();
    const answers: (string | undefined)[] = [];
    for await (const answer of call as AsyncIterable<BatchAppendResp>) answers.push(answer.getCorrelationId()?.getString());
    expect(answers).toEqual(['c', 'c']);
    raw.close();
  });

  it('befalls only what was chosen', async () => {
    const id = opened.facade.control.add({ on: 'append', stream: 'key-', type: 'used', nth: 2, times: 1, action: { kind: 'cut', when: 'before-commit' } });
    await opened.append('classic', 'operation-1', someEvent('used'));
    await opened.append('classic', 'key-1', someEvent('made'));
    await opened.append('classic', 'key-1', someEvent('used'));
    expect(opened.facade.control.fired(id)).toBe(0);
    expect(await classOf(opened.append('classic', 'key-2', [someEvent('made'), someEvent('used')]))).toBe('UnavailableError');
    await opened.append('classic', 'key-2', someEvent('used'));
    expect(opened.facade.control.list()).toMatchObject([{ id, matched: 3, fired: 1 }]);
    expect(opened.facade.control.remove(id)).toBe(true);
  });

  it('reads and deletions fail too', async () => {
    await opened.append('classic', 's', someEvent());
    opened.facade.control.add({ on: 'read', stream: 's', action: { kind: 'cut', when: 'before-commit' } });
    expect(await classOf(opened.types('s'))).toBe('UnavailableError');
    opened.facade.control.add({ on: 'delete', action: { kind: 'cut', when: 'after-commit' } });
    expect(await classOf(opened.client.deleteStream('s'))).toBe('UnavailableError');
    expect(await opened.types('s')).toEqual([]);
    opened.facade.control.add({ on: 'delete', action: { kind: 'drop' } });
    expect(await classOf(opened.client.tombstoneStream('s', { deadline: 200 }))).toBe('DeadlineExceededError');
    expect(await classOf(opened.types('s'))).toBe('StreamDeletedError');
  });

  it('a server that is down cuts everybody and lets nobody in', async () => {
    await opened.append('classic', 's', someEvent());
    const followed = follow(opened.client.subscribeToAll());
    await followed.caughtUp(1);
    opened.facade.control.down(60_000);
    expect((await followed.ended)?.constructor.name).toBe('UnavailableError');
    expect(await classOf(opened.append('classic', 's', someEvent(), 'any', 300))).toMatch(/^(Unavailable|DeadlineExceeded)Error$/u);
    opened.facade.control.clear();
    expect(await opened.types('s')).toEqual(['happened']);
  });

  it('a cut ends every connection, and the next call makes another', async () => {
    await opened.append('classic', 's', someEvent());
    const followed = follow(opened.client.subscribeToAll());
    await followed.caughtUp(1);
    opened.facade.control.cut();
    expect((await followed.ended)?.constructor.name).toBe('UnavailableError');
    expect(await opened.types('s')).toEqual(['happened']);
  });
});

describe('faults of subscriptions', () => {
  let opened: Opened;
  beforeEach(async () => {
    opened = await openFacade();
    await opened.append('classic', 's', someEvents(5));
  });
  afterEach(() => opened.close());

  it('caughtUp comes many times', async () => {
    opened.facade.control.add({ on: 'subscription', stream: 's', action: { kind: 'caught-up', count: 145 } });
    const followed = follow(opened.client.subscribeToStream('s'));
    await followed.caughtUp(145);
    expect(followed.log.filter((line) => line === 's@4')).toHaveLength(1);
    await followed.subscription.unsubscribe();
  });

  it.each([
    ['unavailable', 'UnavailableError', 14],
    ['too-slow', 'TimeoutError', 10],
    ['unknown', 'UnknownError', 2],
    ['cut', 'UnavailableError', 14],
  ] as const)('one is dropped in place of its third event: %s', async (as, name, code) => {
    opened.facade.control.add({ on: 'event', nth: 3, action: { kind: 'drop-subscription', as } });
    const followed = follow(opened.client.subscribeToAll());
    const error = await followed.ended;
    expect(error?.constructor.name).toBe(name);
    expect(error?.code).toBe(code);
    const again = follow(opened.client.subscribeToAll());
    await again.events(5);
    await again.subscription.unsubscribe();
  });

  it('one ends in place of an event, without an error', async () => {
    opened.facade.control.add({ on: 'event', nth: 3, action: { kind: 'drop-subscription', as: 'end' } });
    const followed = follow(opened.client.subscribeToAll());
    expect(await followed.ended).toBeUndefined();
    expect(followed.log).toEqual(['s@0', 's@1']);
  });

  it('an event comes twice, or late', async () => {
    opened.facade.control.add({ on: 'event', nth: 2, action: { kind: 'twice' } });
    opened.facade.control.add({ on: 'event', nth: 4, action: { kind: 'delay', ms: 100 } });
    const began = performance.now();
    const followed = follow(opened.client.subscribeToAll());
    await followed.events(6);
    expect(performance.now() - began).toBeGreaterThan(90);
    expect(followed.log.filter((line) => line.includes('@'))).toEqual(['s@0', 's@1', 's@1', 's@2', 's@3', 's@4']);
    await followed.subscription.unsubscribe();
  });

  it('one that is live ends whenever 32 events wait, and goes on from its last event', async () => {
    opened.facade.control.add({ on: 'subscription', times: 0, action: { kind: 'too-slow', waiting: 32 } });
    const followed = follow(opened.client.subscribeToStream('s'));
    await followed.caughtUp(1);
    await opened.append('classic', 's', someEvents(31));
    await followed.events(36);
    await opened.append('classic', 's', someEvents(32));
    const error = await followed.ended;
    expect(error?.constructor.name).toBe('TimeoutError');
    expect(error?.message).toContain('Consumer too slow to handle event while live. Client resubscription required.');
    const again = follow(opened.client.subscribeToStream('s', { fromRevision: 35n }));
    await again.events(32);
    expect([...followed.log, ...again.log].filter((line) => line.includes('@'))).toEqual(Array.from({ length: 68 }, (_, revision) => `s@${revision}`));
    await again.subscription.unsubscribe();
  });

  it('one is refused', async () => {
    opened.facade.control.add({ on: 'subscription', stream: 's', action: { kind: 'not-leader', host: '127.0.0.1', port: 1 } });
    expect((await follow(opened.client.subscribeToStream('s')).ended)?.constructor.name).toBe('NotLeaderError');
  });
});
