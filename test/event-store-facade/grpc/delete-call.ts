import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { DeleteReq, DeleteResp, TombstoneReq, TombstoneResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Removal } from '../engine/engine.js';
import { NO_STREAM } from '../engine/record.js';
import { nameOf } from './append-call.js';
import { admit } from './call.js';
import type { Facade } from './call.js';
import { streamsPb } from './generated.js';
import { streamDeleted, unknown, wrongVersion } from './refusal.js';
import type { Refusal } from './refusal.js';

type Options = DeleteReq.Options | TombstoneReq.Options;
const OptionsCase = streamsPb.DeleteReq.Options.ExpectedStreamRevisionCase;
/** As the trailers name what is no revision. */
const ANY = -2;
const STREAM_EXISTS = -4;

const expectedOf = (options: Options | undefined): Removal['expected'] => {
  switch (options?.getExpectedStreamRevisionCase()) {
    case OptionsCase.REVISION: return Number(options?.getRevision());
    case OptionsCase.NO_STREAM: return NO_STREAM;
    case OptionsCase.STREAM_EXISTS: return 'stream-exists';
    default: return 'any';
  }
};
const codeOf = (expected: Removal['expected']): number => (expected === 'any' ? ANY : expected === 'stream-exists' ? STREAM_EXISTS : expected);

interface Unary {
  getPeer(): string;
}
const remove = (facade: Facade, call: Unary, kind: Removal['kind'], options: Options | undefined, done: (refusal: Refusal | undefined, position: number) => void): void => {
  const stream = nameOf(options?.getStreamIdentifier()?.getStreamName_asU8());
  const expected = expectedOf(options);
  const answering = {
    getPeer: () => call.getPeer(),
    emit: (_event: 'error', refusal: Refusal): boolean => {
      done(refusal, 0);
      return true;
    },
  };
  admit(facade, answering, 'delete', [stream], [], (gate) =>
    facade.engine.submit({ stream, expected, kind }, (outcome) =>
      gate.open(() => {
        switch (outcome.kind) {
          case 'written': return done(undefined, outcome.position ?? 0);
          case 'wrong-version': return done(wrongVersion(stream, codeOf(expected), outcome.actual), 0);
          case 'stream-deleted': return done(streamDeleted(stream), 0);
          case 'failed': return done(unknown(outcome.reason), 0);
        }
      }),
    ),
  );
};

/** `Delete`: the stream begins anew when it is written again. */
export const serveDelete = (facade: Facade) => (call: ServerUnaryCall<DeleteReq, DeleteResp>, answer: sendUnaryData<DeleteResp>): void =>
  remove(facade, call, 'delete', call.request.getOptions(), (refusal, position) => {
    const at = new streamsPb.DeleteResp.Position().setCommitPosition(String(position)).setPreparePosition(String(position));
    answer(refusal ?? null, refusal === undefined ? new streamsPb.DeleteResp().setPosition(at) : null);
  });

/** `Tombstone`: the stream is never written again. */
export const serveTombstone = (facade: Facade) => (call: ServerUnaryCall<TombstoneReq, TombstoneResp>, answer: sendUnaryData<TombstoneResp>): void =>
  remove(facade, call, 'tombstone', call.request.getOptions(), (refusal, position) => {
    const at = new streamsPb.TombstoneResp.Position().setCommitPosition(String(position)).setPreparePosition(String(position));
    answer(refusal ?? null, refusal === undefined ? new streamsPb.TombstoneResp().setPosition(at) : null);
  });
