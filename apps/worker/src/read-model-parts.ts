import { AuditProjection } from '#evidence/adapters/projections/audit.projection.js';
import { evidencePart } from '#evidence/adapters/projections/audit-tables.js';
import { KeyProjection } from '#keys/adapters/projections/key.projection.js';
import { keysPart } from '#keys/adapters/projections/key-tables.js';
import { OperationProjection } from '#operations/adapters/projections/operation.projection.js';
import { operationsPart } from '#operations/adapters/projections/operation-tables.js';
import { deadlineTimersPart } from '#operations/adapters/projections/sql-deadline-timers.js';
import { expiryTimersPart } from '#operations/adapters/projections/sql-expiry-timers.js';
import type { Projection } from '#platform/read-model/projection.js';
import { processCheckpointPart } from '#platform/read-model/process-checkpoints.js';
import type { ReadModelPart } from '#platform/read-model/table.js';
import { SignOrderProjection } from '#signing/adapters/projections/sign-order.projection.js';
import { signingPart } from '#signing/adapters/projections/sign-order-tables.js';

/** Tables of the read model. */
export const READ_MODEL_PARTS: readonly ReadModelPart[] = [operationsPart, signingPart, keysPart, evidencePart];
/** Tables of the process managers. */
export const PROCESS_PARTS: readonly ReadModelPart[] = [processCheckpointPart, expiryTimersPart, deadlineTimersPart];

/** Every projection of the subscription `read-model`. */
export const allProjections = (): readonly Projection[] => [new OperationProjection(), new SignOrderProjection(), new KeyProjection(), new AuditProjection()];
