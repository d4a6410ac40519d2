import type { BodyFacts } from '#platform/http/endpoint/endpoint-facts.js';
import { instantOf } from '#platform/http/instant.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { shapeFaults } from '#platform/http/shape.js';
import type { OperationRequest } from '../../application/request-operation/request-operation.command.js';
import { OPERATION_REQUESTS } from './operation.examples.js';
import { RequestOperationDto } from './request-operation.dto.js';
import { SEED_MEMBER, SeedOperationDto } from './seed-operation.dto.js';

const isSeedForm = (body: unknown): body is SeedOperationDto => typeof body === 'object' && body !== null && Object.hasOwn(body, SEED_MEMBER);

/** The body of a request for an operation, in either form; faults name members as that form does. */
export const OPERATION_BODY: BodyFacts = {
  schema: { oneOf: [ref(RequestOperationDto), ref(SeedOperationDto)] },
  faults: (body) => (isSeedForm(body) ? shapeFaults(SeedOperationDto, body) : shapeFaults(RequestOperationDto, body)),
  examples: OPERATION_REQUESTS,
};

/** @param body of a shape that was checked */
export function operationRequest(body: RequestOperationDto | SeedOperationDto): OperationRequest {
  if (isSeedForm(body))
    return {
      keyUsages: body[SEED_MEMBER].map((usage) => ({ keyId: usage.keyid, maxUsageCount: usage.maxusagecount })),
      description: body.description, approverContext: body.approvercontext ?? null, validMs: body.validms, notBefore: null, binding: null,
    };
  const { keyUsages, description, approverContext = null, validMs, notBefore, binding, emergency } = body;
  return {
    keyUsages: keyUsages.map((usage) => ({ keyId: usage.keyId, maxUsageCount: usage.maxUsageCount })),
    description, approverContext, validMs,
    notBefore: notBefore === undefined ? null : (instantOf(notBefore) ?? notBefore),
    binding: binding === undefined ? null : { digests: binding.digests },
    ...(emergency === undefined ? {} : { emergency: { reason: emergency.reason } }),
  };
}
