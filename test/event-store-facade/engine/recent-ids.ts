/** Where an event was written. */
export interface Written {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
}

/**
 * What an append without an exact revision is compared with: recent ids, forgotten beyond a number and with the process.
 * An id that is written again goes on standing for where it was written first.
 */
export class RecentIds {
  readonly #ids = new Map<string, Written>();
  constructor(private readonly capacity: number) {}

  get(id: string): Written | undefined {
    return this.#ids.get(id);
  }

  add(id: string, written: Written): void {
    if (this.#ids.has(id)) return;
    this.#ids.set(id, written);
    if (this.#ids.size <= this.capacity) return;
    const [oldest] = this.#ids.keys();
    if (oldest !== undefined) this.#ids.delete(oldest);
  }

  clear(): void {
    this.#ids.clear();
  }
}
