import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import { featuresPb } from './generated.js';

const SERVICE = 'event_store.client.streams.streams';
const METHODS: Readonly<Record<string, readonly string[]>> = { append: [], batchappend: ['deadline_duration'], delete: [], read: ['position', 'events'], tombstone: [] };

/** `GetSupportedMethods`, which the client asks before its first append. */
export const serveFeatures = (version: string) => (_call: ServerUnaryCall<Empty, SupportedMethods>, answer: sendUnaryData<SupportedMethods>): void => {
  const methods = Object.entries(METHODS).map(([name, features]) =>
    new featuresPb.SupportedMethod().setServiceName(SERVICE).setMethodName(name).setFeaturesList([...features]));
  answer(null, new featuresPb.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion(version));
};
