import type { FastifyInstance } from 'fastify';

/**
 * Lets a closing server finish what it is answering, for at most `ms`; then cuts what is left.
 * Idle connections are closed at once, and an answer given meanwhile tells its client that the connection ends, so that nobody sends into it.
 */
export function closeInTime(server: FastifyInstance, ms: number): void {
  let closing = false;
  server.addHook('onSend', (_, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
  server.addHook('preClose', (done) => {
    closing = true;
    const timer = setTimeout(() => server.server.closeAllConnections(), ms);
    server.server.once('close', () => clearTimeout(timer));
    done();
  });
}
