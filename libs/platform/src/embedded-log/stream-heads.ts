/** Revisions of the streams' last events, of the streams used last. Only the writer's memory: on any error it is forgotten as a whole. */
export class StreamHeads {
  readonly #revisions = new Map<string, number>();
  constructor(private readonly capacity: number) {}

  get(stream: string): number | undefined {
    return this.#revisions.get(stream);
  }

  set(stream: string, revision: number): void {
    // A Map iterates in order of insertion: what is written goes to the end, what was written longest ago goes first.
    this.#revisions.delete(stream);
    this.#revisions.set(stream, revision);
    if (this.#revisions.size <= this.capacity) return;
    for (const oldest of this.#revisions.keys()) {
      this.#revisions.delete(oldest);
      return;
    }
  }

  forget(): void {
    this.#revisions.clear();
  }

  get size(): number {
    return this.#revisions.size;
  }
}
