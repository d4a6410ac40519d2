import { effectOf, NO_SUCH_CALL } from '../../domain/control-plane/effect-of.js';
import { isUnsatisfiable } from '../../domain/control-plane/policies.js';
import type { BodyFacts } from '#platform/http/endpoint/endpoint-facts.js';
import type { JsonSchema } from '#platform/http/schema/json-schema.js';

/**
 * The body of a call that changes the control plane: what is wrong with it, says the function that its effect comes from.
 * @param path of such a call, with any id that may stand there
 */
export const actBody = (method: string, path: string, schema: JsonSchema, examples: Readonly<Record<string, unknown>>): BodyFacts => ({
  schema,
  examples,
  faults: (body) => {
    if (body === undefined) return [{ path: '', message: 'a JSON object is required' }];
    const effect = effectOf(method, path, body);
    return 'faults' in effect ? effect.faults.filter((fault) => fault.path !== NO_SUCH_CALL && !isUnsatisfiable(fault)) : [];
  },
});
