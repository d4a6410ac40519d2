import { Member, Named, listOf, ref } from '#platform/http/schema/json-schema.js';
import type { CheckResult } from '#platform/http/ask-readiness.js';
import { WARNING_CODES } from '#platform/http/ports/readiness-warnings.port.js';
import type { ReadinessWarning } from '#platform/http/ports/readiness-warnings.port.js';

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

@Named('ReadinessWarning')
export class ReadinessWarningBody implements ReadinessWarning {
  @Member({ type: 'string', enum: [...WARNING_CODES], description: 'A later version may have more of them' }) readonly code: ReadinessWarning['code'];
  @Member({ type: 'string' }) readonly detail: string;
}

@Named('Readiness')
export class ReadinessBody {
  @Member({ type: 'string', enum: ['ready', 'not-ready'] }) readonly status: 'ready' | 'not-ready';
  @Member(listOf(ref(ReadinessCheckBody))) readonly checks: readonly CheckResult[];
  @Member(listOf(ref(ReadinessWarningBody), { description: 'What is not promised as the deployment is set up; absent when there is nothing. They do not change the status' }), { optional: true }) readonly warnings?: readonly ReadinessWarning[];
}
