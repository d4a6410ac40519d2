import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type * as gossip from '@eventstore/db-client/generated/gossip_pb.js';
import type * as gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import type { AppendReq, AppendResp, ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Metadata, sendUnaryData, ServerDuplexStream, ServerReadableStream, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { ServerFeaturesService, sharedPb, streamsPb, StreamsService } from '#test/event-store-facade/grpc/generated.js';
import { streamNotFound } from '#test/event-store-facade/grpc/wire.js';
import { serveFeatures } from '#test/event-store-facade/grpc/server-features.js';

const require = createRequire(import.meta.url);
const gossipPb = require('@eventstore/db-client/generated/gossip_pb.js') as typeof gossip;
const { GossipService } = require('@eventstore/db-client/generated/gossip_grpc_pb.js') as typeof gossipService;

/** Answers an append, or leaves it without an answer. */
export type AnswerAppend = (append: { readonly stream: string; readonly events: number }, answer: sendUnaryData<AppendResp>) => void;

export const success = (revision: number, position: { readonly commit: string; readonly prepare: string } | undefined): AppendResp => {
  const told = new streamsPb.AppendResp.Success();
  told.setCurrentRevision(String(revision));
  if (position === undefined) told.setNoPosition(new sharedPb.Empty());
  else {
    const at = new streamsPb.AppendResp.Position();
    at.setCommitPosition(position.commit);
    at.setPreparePosition(position.prepare);
    told.setPosition(at);
  }
  return new streamsPb.AppendResp().setSuccess(told);
};

/** Another event stands there; the stream is at `revision`. */
export const wrongVersion = (revision: number): AppendResp => {
  const told = new streamsPb.AppendResp.WrongExpectedVersion();
  told.setCurrentRevision(String(revision));
  told.setExpectedNoStream(new sharedPb.Empty());
  return new streamsPb.AppendResp().setWrongExpectedVersion(told);
};

export interface RecordingServer {
  readonly port: number;
  /** A file with the certificate of the authority that vouches for it; with TLS alone. */
  readonly caFile: string;
  /** What was called, in order, with the metadata of the call. */
  readonly calls: { readonly method: string; readonly metadata: Metadata; readonly at: number }[];
  close(): void;
}

/** A certificate for localhost that vouches for itself. */
const certificate = (dir: string): { readonly caFile: string; readonly key: Buffer; readonly cert: Buffer } => {
  const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], { stdio: 'ignore', timeout: 20_000 });
  return { caFile: cert, key: readFileSync(key), cert: readFileSync(cert) };
};

/** A server without streams, which writes down who calls it how. Told to, it names other nodes of a cluster. */
export async function startRecordingServer(options: { readonly tls?: boolean; readonly answer?: AnswerAppend; readonly members?: (self: number) => readonly { readonly port: number; readonly leader: boolean }[] } = {}): Promise<RecordingServer> {
  const { answer = ({ events }, answered) => answered(null, success(events - 1, { commit: '7', prepare: '7' })), members = (self) => [{ port: self, leader: true }] } = options;
  const dir = mkdtempSync(path.join(os.tmpdir(), 'countersign-recording-'));
  const secured = options.tls === true ? certificate(dir) : undefined;
  const server = new Server();
  const calls: { method: string; metadata: Metadata; at: number }[] = [];
  const note = (method: string, { metadata }: { readonly metadata: Metadata }): void => void calls.push({ method, metadata, at: performance.now() });
  let port = 0;
  const streams = {
    append: (call: ServerReadableStream<AppendReq, AppendResp>, answered: sendUnaryData<AppendResp>): void => {
      note('append', call);
      let stream = '';
      let events = 0;
      call.on('data', (request: AppendReq) => {
        if (request.getProposedMessage() === undefined) stream = Buffer.from(request.getOptions()?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8');
        else events += 1;
      });
      call.on('end', () => answer({ stream, events }, answered));
    },
    batchAppend: (call: ServerDuplexStream<unknown, unknown>): void => {
      note('batchAppend', call);
      call.end();
    },
    read: (call: ServerWritableStream<ReadReq, Buffer>): void => {
      note('read', call);
      if (call.request.getOptions()?.hasStream() === true) call.write(streamNotFound('x'));
      call.end();
    },
  };
  const features = serveFeatures('24.2.0');
  server.addService({ ...StreamsService, read: { ...StreamsService.read, responseSerialize: (bytes: Buffer) => bytes } }, streams);
  server.addService(ServerFeaturesService, {
    getSupportedMethods: (...[call, answered]: Parameters<typeof features>) => {
      note('getSupportedMethods', call);
      features(call, answered);
    },
  });
  server.addService(GossipService, {
    read: (call: ServerUnaryCall<unknown, gossip.ClusterInfo>, answered: sendUnaryData<gossip.ClusterInfo>) => {
      note('gossip', call);
      const states = gossipPb.MemberInfo.VNodeState;
      answered(null, new gossipPb.ClusterInfo().setMembersList(members(port).map((member) =>
        new gossipPb.MemberInfo().setState(member.leader ? states.LEADER : states.FOLLOWER).setIsAlive(true).setHttpEndPoint(new gossipPb.EndPoint().setAddress('127.0.0.1').setPort(member.port)))));
    },
  });
  const credentials = secured === undefined ? ServerCredentials.createInsecure() : ServerCredentials.createSsl(null, [{ private_key: secured.key, cert_chain: secured.cert }]);
  port = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error))));
  return {
    port,
    caFile: secured?.caFile ?? '',
    calls,
    close: () => {
      server.forceShutdown();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
