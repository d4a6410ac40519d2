import { Query } from '@nestjs/cqrs';
import type { Folded } from '#eventing/stream-states.js';
import type { Chain } from '../../domain/control-plane/decide.js';

/** The control plane as the leader has it. */
export class ReadControlPlaneQuery extends Query<Folded<Chain>> {}
