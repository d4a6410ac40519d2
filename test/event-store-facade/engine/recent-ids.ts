/** Where an event of this id was written last. */
export interface Written {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
}

/** What an append without an exact revision is compared with: the last ids, forgotten beyond a number and with the process. */
export class RecentIds {
  readonly #ids = new Map<string, Written>();
  constructor(private readonly capacity: number) {}

  get(id: string): Written | undefined {
    return this.#ids.get(id);
  }

  set(id: string, written: Written): void {
    this.#ids.delete(id);
    this.#ids.set(id, written);
    if (this.#ids.size <= this.capacity) return;
    const [oldest] = this.#ids.keys();
    if (oldest !== undefined) this.#ids.delete(oldest);
  }

  clear(): void {
    this.#ids.clear();
  }
}
