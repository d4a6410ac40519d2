import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import type { AppendReq } from '@eventstore/db-client/generated/streams_pb.js';
import { pause } from '#eventing/pause.js';
import { sharedPb, streamsPb } from './grpc/generated.js';
import { openFacade } from './testing-client.js';

const framed = (message: AppendReq): Buffer => {
  const bytes = message.serializeBinary();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
};

/** Sends the first of several events of an append, and never the end. */
async function beginAppend(port: number, name: string): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  const call = session.request({ ':method': 'POST', ':path': '/event_store.client.streams.Streams/Append', 'content-type': 'application/grpc', te: 'trailers' });
  call.on('error', () => undefined);
  const stream = new sharedPb.StreamIdentifier().setStreamName(Buffer.from(name));
  call.write(framed(new streamsPb.AppendReq().setOptions(new streamsPb.AppendReq.Options().setStreamIdentifier(stream).setNoStream(new sharedPb.Empty()))));
  const event = new streamsPb.AppendReq.ProposedMessage().setId(new sharedPb.UUID().setString('11111111-1111-4111-8111-111111111111'));
  event.getMetadataMap().set('type', 'first').set('content-type', 'application/json');
  await new Promise((resolve) => call.write(framed(new streamsPb.AppendReq().setProposedMessage(event)), resolve));
  return session;
}

describe('an append that is broken off between its events', () => {
  it.each(['by an outage', 'by the client'] as const)('%s writes none of them, so that the whole of it is no conflict afterwards', async (by) => {
    const opened = await openFacade();
    const { port, control } = opened.facade;
    const names = Array.from({ length: 10 }, (_, n) => `s-${n}`);
    for (const [n, name] of names.entries()) {
      const session = await beginAppend(port, name);
      const closed = new Promise((resolve) => session.once('close', resolve));
      await pause(n);
      if (by === 'by an outage') control.cut();
      else session.destroy();
      await closed;
    }
    while (control.status().connections > 0) await pause(5);
    // Whatever was to be written is, before this is answered.
    await opened.append('classic', 'other', { id: '22222222-2222-4222-8222-222222222222', type: 'happened', contentType: 'application/json', data: {}, metadata: undefined });
    for (const name of names) expect(await opened.types(name)).toEqual([]);
    await opened.close();
  });
});
