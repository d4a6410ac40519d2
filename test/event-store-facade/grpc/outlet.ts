import type { ServerWritableStream } from '@grpc/grpc-js';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { refuse } from './call.js';
import type { Refusal } from './refusal.js';

/** Answers are bytes already, made by `wire.ts`. */
export type ReadCall = ServerWritableStream<ReadReq, Buffer>;

/** The way out to one reader, as fast as he takes it. */
export class Outlet {
  #open = true;
  #resume: (() => void) | undefined;

  /** @param closed is told once, when the reader is gone or was given an end */
  constructor(private readonly call: ReadCall, private readonly closed: () => void = () => undefined) {
    call.on('drain', () => this.#continue());
    call.on('cancelled', () => this.#close());
    // Gone while the call was held up.
    if (call.cancelled) this.#open = false;
  }

  get open(): boolean {
    return this.#open;
  }

  /** To be awaited where it is a promise: the reader has not taken what was sent before. */
  write(answer: Buffer): Promise<void> | undefined {
    if (!this.#open || this.call.write(answer)) return undefined;
    return new Promise((resolve) => (this.#resume = resolve));
  }
  end(): void {
    if (!this.#open) return;
    this.#close();
    this.call.end();
  }
  refuse(refusal: Refusal): void {
    if (!this.#open) return;
    this.#close();
    refuse(this.call, refusal);
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.closed();
    this.#continue();
  }
  #continue(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }
}
