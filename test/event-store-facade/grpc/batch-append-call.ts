import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Code } from '@eventstore/db-client/generated/code_pb.js';
import type { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Append, Expected, Outcome, ProposedEvent } from '../engine/record.js';
import { NO_STREAM } from '../engine/record.js';
import { dataBytes, nameOf, proposedEvent, typesOf } from './append-call.js';
import { admit, refuse } from './call.js';
import type { Facade } from './call.js';
import { anyPb, codePb, emptyPb, sharedPb, statusPb, streamsPb } from './generated.js';
import { invalidArgument } from './refusal.js';

const OptionsCase = streamsPb.BatchAppendReq.Options.ExpectedStreamPositionCase;
const expectedOf = (options: BatchAppendReq.Options): Expected | undefined => {
  switch (options.getExpectedStreamPositionCase()) {
    case OptionsCase.STREAM_POSITION: return Number(options.getStreamPosition());
    case OptionsCase.NO_STREAM: return NO_STREAM;
    case OptionsCase.ANY: return 'any';
    case OptionsCase.STREAM_EXISTS: return 'stream-exists';
    case OptionsCase.EXPECTED_STREAM_POSITION_NOT_SET: return undefined;
  }
};

interface Details {
  serializeBinary(): Uint8Array;
}
const withError = (answer: BatchAppendResp, code: Code, name: string, details: Details): void => {
  const packed = new anyPb.Any();
  packed.pack(details.serializeBinary(), `event_store.client.${name}`);
  answer.setError(new statusPb.Status().setCode(code).setMessage(name).setDetails(packed));
};

const wrongVersion = (expected: Expected, actual: number): Details => {
  const details = new sharedPb.WrongExpectedVersion();
  if (actual < 0) details.setCurrentNoStream(new emptyPb.Empty());
  else details.setCurrentStreamRevision(String(actual));
  if (expected === 'any') details.setExpectedAny(new emptyPb.Empty());
  else if (expected === 'stream-exists') details.setExpectedStreamExists(new emptyPb.Empty());
  else if (expected === NO_STREAM) details.setExpectedNoStream(new emptyPb.Empty());
  else details.setExpectedStreamPosition(String(expected));
  return details;
};

const setWritten = (answer: BatchAppendResp, { revision, position }: Extract<Outcome, { kind: 'written' }>): void => {
  const success = new streamsPb.BatchAppendResp.Success();
  if (revision < 0) success.setNoStream(new emptyPb.Empty());
  else success.setCurrentRevision(String(revision));
  if (position === undefined) success.setNoPosition(new emptyPb.Empty());
  else success.setPosition(new sharedPb.AllStreamPosition().setCommitPosition(String(position)).setPreparePosition(String(position)));
  answer.setSuccess(success);
};

type Call = ServerDuplexStream<BatchAppendReq, BatchAppendResp>;
/** An append whose events are still coming. */
interface Coming {
  readonly correlation: UUID;
  readonly options: BatchAppendReq.Options;
  readonly events: ProposedEvent[];
}

/** `BatchAppend`: appends of many callers on one stream of messages, answered by their correlation ids. */
export const serveBatchAppend = (facade: Facade) => (call: Call): void => {
  const coming = new Map<string, Coming>();
  let unanswered = 0;
  let ended = false;
  const answered = (): void => {
    unanswered -= 1;
    if (ended && unanswered === 0) call.end();
  };
  call.on('data', (request: BatchAppendReq) => {
    const correlation = request.getCorrelationId();
    const options = request.getOptions();
    const key = correlation?.getString() ?? '';
    const append = coming.get(key) ?? (correlation === undefined || options === undefined ? undefined : { correlation, options, events: [] });
    if (append === undefined) {
      refuse(call, invalidArgument('A batch begins with its options.'));
      return;
    }
    for (const message of request.getProposedMessagesList()) append.events.push(proposedEvent(message));
    if (!request.getIsFinal()) {
      coming.set(key, append);
      return;
    }
    coming.delete(key);
    unanswered += 1;
    serve(facade, call, append, answered);
  });
  call.on('end', () => {
    ended = true;
    if (unanswered === 0) call.end();
  });
};

const serve = (facade: Facade, call: Call, { correlation, options, events }: Coming, answered: () => void): void => {
  const expected = expectedOf(options);
  if (expected === undefined) {
    refuse(call, invalidArgument('An append tells what it expects.'));
    return;
  }
  const stream = nameOf(options.getStreamIdentifier()?.getStreamName_asU8());
  admit(facade, call, 'append', [stream], typesOf(events), (gate) => {
    const answer = new streamsPb.BatchAppendResp().setCorrelationId(correlation).setStreamIdentifier(options.getStreamIdentifier());
    const send = (): void =>
      gate.open((times) => {
        for (let time = 0; time < times; time += 1) if (call.writable) call.write(answer);
        answered();
      });
    if (dataBytes(events) > facade.maxAppendBytes) {
      withError(answer, codePb.Code.INVALID_ARGUMENT, 'MaximumAppendSizeExceeded', new sharedPb.MaximumAppendSizeExceeded().setMaxappendsize(facade.maxAppendBytes));
      send();
      return;
    }
    const request: Append = { stream, expected, events };
    facade.engine.submit(request, (outcome) => {
      switch (outcome.kind) {
        case 'written': setWritten(answer, outcome); break;
        case 'wrong-version': withError(answer, codePb.Code.FAILED_PRECONDITION, 'WrongExpectedVersion', wrongVersion(expected, outcome.actual)); break;
        case 'stream-deleted': withError(answer, codePb.Code.FAILED_PRECONDITION, 'StreamDeleted', new sharedPb.StreamDeleted().setStreamIdentifier(options.getStreamIdentifier())); break;
        case 'failed': withError(answer, codePb.Code.UNKNOWN, 'Unknown', new sharedPb.Unknown()); break;
      }
      send();
    });
  });
};
