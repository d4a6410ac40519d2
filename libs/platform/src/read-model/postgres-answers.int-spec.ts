import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { freePort } from '#test/system/listen.js';
import { testReadModel } from './testing/test-databases.js';
import { postgresAnswers } from './postgres-answers.js';

/** A message of PostgreSQL's protocol: its kind, its length, what it says. */
const message = (kind: string, said: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(said.length + 4);
  return Buffer.concat([Buffer.from(kind), length, Buffer.from(said, 'latin1')]);
};

describe('whether PostgreSQL answers', () => {
  it('is told of one that does', async () => {
    const readModel = await testReadModel('PostgreSQL');
    await expect(postgresAnswers(readModel.kind === 'postgres' ? readModel.url : '')).resolves.toBeUndefined();
  });

  it('rule 19: is told of one that does not without its password', async () => {
    const failure: unknown = await postgresAnswers(`postgres://countersign:s3cret-word@127.0.0.1:${await freePort()}/rows`).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreUnavailableError);
    expect(String(failure)).toMatch(/ECONNREFUSED/);
    expect(String(failure)).not.toContain('s3cret-word');
  });

  it('is told at once of one that refuses for good', async () => {
    const readModel = await testReadModel('PostgreSQL');
    const url = new URL(readModel.kind === 'postgres' ? readModel.url : '');
    url.pathname = '/no-such-database';
    await expect(postgresAnswers(url.href)).rejects.toMatchObject({ name: 'DatabaseError', code: '3D000' });
  });

  it('is told of one that never closes the connection', async () => {
    const ready = message('Z', 'I');
    const opened: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      opened.push(socket.on('error', () => undefined));
      socket.once('data', () => {
        socket.write(Buffer.concat([message('R', '\0\0\0\0'), ready]));
        socket.on('data', (data) => void (data.toString('latin1').startsWith('Q') && socket.write(Buffer.concat([message('C', 'SELECT 1\0'), ready]))));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await expect(postgresAnswers(`postgres://u:p@127.0.0.1:${(server.address() as AddressInfo).port}/d`)).resolves.toBeUndefined();
    for (const socket of opened) socket.destroy();
    server.close();
  });
});
