import { MessageChannel } from 'node:worker_threads';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { Settlement } from '#operations/contract.js';
import { serveSettlements, settleOver } from './settle-port.js';

const outcome = (signOrderId: string): Settlement => ({ signOrderId, spent: 1, returned: 0, cause: 'e' });

describe('settling over a port', () => {
  const { port1, port2 } = new MessageChannel();
  const settle = settleOver(port2);
  const booked: [string, readonly Settlement[]][] = [];
  const failures: unknown[] = [];
  afterAll(() => port1.close());

  it('is answered when it is durable, whatever was asked first', async () => {
    // Asked before anybody serves: the port keeps it.
    const early = settle('op-1', [outcome('a')]);
    serveSettlements(port1, async (operationId, outcomes) => {
      if (operationId === 'broken') throw new StoreUnavailableError('down');
      await Promise.resolve();
      booked.push([operationId, outcomes]);
    }, (error) => failures.push(error));
    await Promise.all([early, settle('op-2', [outcome('b'), outcome('c')])]);
    expect(booked).toEqual([['op-1', [outcome('a')]], ['op-2', [outcome('b'), outcome('c')]]]);
  });

  it('is thrown back when it could not be booked, so that the same ends come again', async () => {
    await expect(settle('broken', [outcome('d')])).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(failures).toHaveLength(1);
  });
});
