import { within } from '#eventing/trace.port.js';
import type { Tracer } from '#eventing/trace.port.js';
import type { Hsm, HsmSession } from '../ports/hsm.port.js';

/** Calls of one session that are steps of their own in a trace: an order of hundreds of digests is one order. */
export const TRACED_SIGNATURES = 16;

/** The same token; waits for a session and signatures are steps of the trace at work. */
export const tracedHsm = (hsm: Hsm, tracer: Tracer): Hsm => ({
  open: () => hsm.open(),
  status: () => hsm.status(),
  acquire: async (timeoutMs) => tracedSession(await within(tracer, 'acquire session', {}, () => hsm.acquire(timeoutMs)), tracer),
  findOrCreateKeyPair: (request) => hsm.findOrCreateKeyPair(request),
  findKeyPair: (request) => hsm.findKeyPair(request),
  close: () => hsm.close(),
});

function tracedSession(session: HsmSession, tracer: Tracer): HsmSession {
  let signed = 0;
  return {
    prepare: (key) => session.prepare(key),
    sign(key, input, timely) {
      signed += 1;
      if (signed > TRACED_SIGNATURES) return session.sign(key, input, timely);
      return within(tracer, 'C_Sign', { attributes: { 'countersign.algorithm': key.algorithm } }, () => session.sign(key, input, timely));
    },
    verify: (key, input, signature) => session.verify(key, input, signature),
    release: () => session.release(),
  };
}
