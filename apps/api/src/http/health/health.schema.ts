import { Member, Named, listOf, ref } from '#platform/http/schema/json-schema.js';
import type { CheckResult } from '#platform/http/ask-readiness.js';

@Named('Liveness')
export class LivenessBody {
  @Member({ const: 'alive' }) readonly status: 'alive';
}

@Named('ReadinessCheck')
export class ReadinessCheckBody implements CheckResult {
  @Member({ type: 'string' }) readonly name: string;
  @Member({ type: 'boolean' }) readonly ok: boolean;
  @Member({ type: 'string', description: 'Why it fails; absent when it does not' }, { optional: true }) readonly reason?: string;
}

@Named('Readiness')
export class ReadinessBody {
  @Member({ type: 'string', enum: ['ready', 'not-ready'] }) readonly status: 'ready' | 'not-ready';
  @Member(listOf(ref(ReadinessCheckBody))) readonly checks: readonly CheckResult[];
  @Member(listOf({ type: 'string' }, { description: 'What works, and promises less than it could; absent when there is nothing' }), { optional: true }) readonly warnings?: readonly string[];
}
