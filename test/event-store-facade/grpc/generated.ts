import { createRequire } from 'node:module';
import type * as code from '@eventstore/db-client/generated/code_pb.js';
import type * as features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type * as shared from '@eventstore/db-client/generated/shared_pb.js';
import type * as status from '@eventstore/db-client/generated/status_pb.js';
import type * as streams from '@eventstore/db-client/generated/streams_pb.js';
import type * as featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type * as streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type * as any from 'google-protobuf/google/protobuf/any_pb.js';
import type * as empty from 'google-protobuf/google/protobuf/empty_pb.js';

/** The messages and services that the client is generated from. They fill their exports at run time, which `import` of a name can't see. */
const require = createRequire(import.meta.url);
export const streamsPb = require('@eventstore/db-client/generated/streams_pb.js') as typeof streams;
export const sharedPb = require('@eventstore/db-client/generated/shared_pb.js') as typeof shared;
export const codePb = require('@eventstore/db-client/generated/code_pb.js') as typeof code;
export const statusPb = require('@eventstore/db-client/generated/status_pb.js') as typeof status;
export const featuresPb = require('@eventstore/db-client/generated/serverfeatures_pb.js') as typeof features;
export const anyPb = require('google-protobuf/google/protobuf/any_pb.js') as typeof any;
export const emptyPb = require('google-protobuf/google/protobuf/empty_pb.js') as typeof empty;
export const { StreamsService } = require('@eventstore/db-client/generated/streams_grpc_pb.js') as typeof streamsService;
export const { ServerFeaturesService } = require('@eventstore/db-client/generated/serverfeatures_grpc_pb.js') as typeof featuresService;
