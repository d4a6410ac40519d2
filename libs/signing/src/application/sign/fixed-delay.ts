/** Hands over each thing after the same time, in the order in which they came, by one timer. */
export class FixedDelay<T> {
  private readonly waiting: { readonly item: T; readonly due: number }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly ms: number, private readonly hand: (items: readonly T[]) => void) {}

  add(item: T): void {
    this.waiting.push({ item, due: performance.now() + this.ms });
    this.wait();
  }

  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.length = 0;
  }

  private wait(): void {
    const [first] = this.waiting;
    if (this.timer !== undefined || first === undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      const now = performance.now();
      const late = this.waiting.findIndex(({ due }) => due > now);
      this.hand(this.waiting.splice(0, late < 0 ? this.waiting.length : late).map(({ item }) => item));
      this.wait();
    }, Math.max(1, Math.ceil(first.due - performance.now()))).unref();
  }
}
