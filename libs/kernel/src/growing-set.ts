/**
 * A set that only grows, as a value: adding makes another set, and this one stays what it was. What grew out of each other shares what it holds, so that adding takes constant
 * time, however many of them are kept.
 */
export class GrowingSet<T> implements Iterable<T> {
  /** With the place of each, in the order in which they came. The first `size` of them are this set's; what lies behind came to a later one. */
  readonly #shared: Map<T, number>;
  readonly size: number;

  private constructor(shared: Map<T, number>, size: number) {
    this.#shared = shared;
    this.size = size;
  }

  static of<T>(values: Iterable<T> = []): GrowingSet<T> {
    const shared = new Map<T, number>();
    for (const value of values) if (!shared.has(value)) shared.set(value, shared.size);
    return new GrowingSet(shared, shared.size);
  }

  has(value: T): boolean {
    return (this.#shared.get(value) ?? this.size) < this.size;
  }

  with(value: T): GrowingSet<T> {
    if (this.has(value)) return this;
    if (this.#shared.get(value) === this.size) return new GrowingSet(this.#shared, this.size + 1);
    // Somebody else went on from here to something else: this one goes on by itself.
    if (this.#shared.size > this.size) return GrowingSet.of(this).with(value);
    this.#shared.set(value, this.size);
    return new GrowingSet(this.#shared, this.size + 1);
  }

  *[Symbol.iterator](): Generator<T> {
    for (const [value, place] of this.#shared) {
      if (place >= this.size) return;
      yield value;
    }
  }
}
