import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import type { Folded } from '#eventing/stream-states.js';
import type { Chain } from '../../domain/control-plane/decide.js';
import { Administration } from '../act/administration.js';
import { ReadControlPlaneQuery } from './read-control-plane.query.js';

@QueryHandler(ReadControlPlaneQuery)
export class ReadControlPlaneHandler implements IQueryHandler<ReadControlPlaneQuery> {
  constructor(private readonly administration: Administration) {}

  execute(): Promise<Folded<Chain>> {
    return this.administration.fresh();
  }
}
