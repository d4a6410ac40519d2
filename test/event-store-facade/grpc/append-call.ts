import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { AppendReq, AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Map as ProtoMap } from 'google-protobuf';
import type { Append, Expected, Outcome, ProposedEvent } from '../engine/record.js';
import { NO_STREAM } from '../engine/record.js';
import { admit, refuse } from './call.js';
import type { Facade } from './call.js';
import { sharedPb, streamsPb } from './generated.js';
import { appendTooLarge, invalidArgument, streamDeleted, unknown } from './refusal.js';

/** An event as it is sent, in either of the two ways to append. */
interface Proposed {
  getId(): { getString(): string } | undefined;
  getMetadataMap(): ProtoMap<string, string>;
  getCustomMetadata_asU8(): Uint8Array;
  getData_asU8(): Uint8Array;
}
export const proposedEvent = (message: Proposed): ProposedEvent => {
  const map = message.getMetadataMap();
  return {
    id: message.getId()?.getString() ?? '',
    type: map.get('type') ?? '',
    json: map.get('content-type') === 'application/json',
    metadata: message.getCustomMetadata_asU8(),
    data: message.getData_asU8(),
  };
};
/** Of an append the data alone are limited. */
export const dataBytes = (events: readonly ProposedEvent[]): number => events.reduce((sum, { data }) => sum + data.length, 0);
export const nameOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8');
export const typesOf = (events: readonly ProposedEvent[]): readonly string[] => events.map(({ type }) => type);

const OptionsCase = streamsPb.AppendReq.Options.ExpectedStreamRevisionCase;
const expectedOf = (options: AppendReq.Options): Expected | undefined => {
  switch (options.getExpectedStreamRevisionCase()) {
    case OptionsCase.REVISION: return Number(options.getRevision());
    case OptionsCase.NO_STREAM: return NO_STREAM;
    case OptionsCase.ANY: return 'any';
    case OptionsCase.STREAM_EXISTS: return 'stream-exists';
    case OptionsCase.EXPECTED_STREAM_REVISION_NOT_SET: return undefined;
  }
};

const written = ({ revision, position }: Extract<Outcome, { kind: 'written' }>): AppendResp => {
  const success = new streamsPb.AppendResp.Success();
  if (revision < 0) success.setNoStream(new sharedPb.Empty());
  else success.setCurrentRevision(String(revision));
  if (position === undefined) success.setNoPosition(new sharedPb.Empty());
  else {
    const at = new streamsPb.AppendResp.Position();
    at.setCommitPosition(String(position));
    at.setPreparePosition(String(position));
    success.setPosition(at);
  }
  return new streamsPb.AppendResp().setSuccess(success);
};
const wrong = (expected: Expected, actual: number): AppendResp => {
  const answer = new streamsPb.AppendResp.WrongExpectedVersion();
  if (actual < 0) answer.setCurrentNoStream(new sharedPb.Empty());
  else answer.setCurrentRevision(String(actual));
  if (expected === 'any') answer.setExpectedAny(new sharedPb.Empty());
  else if (expected === 'stream-exists') answer.setExpectedStreamExists(new sharedPb.Empty());
  else if (expected === NO_STREAM) answer.setExpectedNoStream(new sharedPb.Empty());
  else answer.setExpectedRevision(String(expected));
  return new streamsPb.AppendResp().setWrongExpectedVersion(answer);
};

type Call = ServerDuplexStream<AppendReq, AppendResp>;

/** `Append`: options, events, end; one answer. Served as a stream of answers, which looks the same on the wire, so that an answer can be given twice. */
export const serveAppend = (facade: Facade) => (call: Call): void => {
  let options: AppendReq.Options | undefined;
  const events: ProposedEvent[] = [];
  call.on('data', (request: AppendReq) => {
    const message = request.getProposedMessage();
    if (message === undefined) options ??= request.getOptions();
    else events.push(proposedEvent(message));
  });
  const whole = (): void => {
    const expected = options === undefined ? undefined : expectedOf(options);
    if (expected === undefined) refuse(call, invalidArgument('An append begins with its options.'));
    else append(facade, call, { stream: nameOf(options?.getStreamIdentifier()?.getStreamName_asU8()), expected, events });
  };
  // A call that is broken off ends like a complete one, with a part of its events; that it is cancelled shows in the same turn. A server writes all of an append or nothing.
  call.on('end', () => setImmediate(() => (call.cancelled ? undefined : whole())));
};

const append = (facade: Facade, call: Call, request: Append): void => {
  const { stream, expected, events } = request;
  admit(facade, call, 'append', [stream], typesOf(events), (answer) => {
    if (dataBytes(events) > facade.maxAppendBytes) {
      refuse(call, appendTooLarge(facade.maxAppendBytes));
      return;
    }
    facade.engine.submit(request, (outcome) =>
      answer.open((times) => {
        switch (outcome.kind) {
          case 'stream-deleted': return refuse(call, streamDeleted(stream));
          case 'failed': return refuse(call, unknown(outcome.reason));
          case 'written': case 'wrong-version': {
            const message = outcome.kind === 'written' ? written(outcome) : wrong(expected, outcome.actual);
            for (let time = 0; time < times; time += 1) call.write(message);
            call.end();
          }
        }
      }),
    );
  });
};
