import type { DomainEvent } from '#kernel/decider.js';
import { CommandExecutor } from './command-executor.js';
import type { CommandRequest, Executed } from './command-executor.js';
import { failureName, NO_SPAN } from './trace.port.js';
import type { Tracer } from './trace.port.js';

/**
 * A command executor whose commands are steps of their request's trace, and whose events carry it on. Told when it is called: commands that are
 * decided and appended together belong to different requests, so that the batch has no trace of its own.
 */
export class TracedCommandExecutor<C, E extends DomainEvent, S> extends CommandExecutor<C, E, S> {
  #waiting = 0;

  constructor(private readonly tracer: Tracer, ...executor: ConstructorParameters<typeof CommandExecutor<C, E, S>>) {
    super(...executor);
  }

  /** Commands that have no answer yet. */
  get waiting(): number {
    return this.#waiting;
  }

  override execute(request: CommandRequest<C, S>): Promise<Executed<S, E>> {
    this.#waiting += 1;
    return this.traced(request).finally(() => (this.#waiting -= 1));
  }

  private async traced(request: CommandRequest<C, S>): Promise<Executed<S, E>> {
    const { stream, meta } = request;
    const span = this.tracer.start('command', { parent: meta.traceparent, attributes: { 'countersign.stream': stream } });
    if (span === NO_SPAN) return super.execute(request);
    try {
      const executed = await super.execute({ ...request, meta: { ...meta, traceparent: span.traceparent } });
      span.set({ 'countersign.event': executed.events[0]?.type, 'countersign.repeated': executed.repeated });
      span.end();
      return executed;
    } catch (error) {
      span.end(failureName(error));
      throw error;
    }
  }
}
