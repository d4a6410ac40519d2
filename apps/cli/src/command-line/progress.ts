import { SingleBar } from 'cli-progress';
import type { Surroundings } from './subcommand.js';

/** Of a bar: positions have gaps, so it shows how far through it is, in thousandths. */
const STEPS = 1_000;
/** Between two lines where there is no terminal. */
const LINE_EVERY_MS = 5_000;

/** How far a command is: a bar on a terminal, elsewhere a line every few seconds. One phase after the other. */
export class Progress {
  #bar: SingleBar | undefined;
  #phase: string | undefined;
  #began = 0;
  #told = 0;

  constructor(private readonly err: Surroundings['err'], private readonly now: () => number = () => performance.now()) {}

  /** @param share of the phase that is done, 0 to 1 @param count how many `unit` are done in it */
  update(phase: string, share: number, count: number, unit: string): void {
    if (phase !== this.#phase) this.#begin(phase, unit);
    const rate = Math.round((count * 1_000) / Math.max(this.now() - this.#began, 1));
    if (this.#bar !== undefined) this.#bar.update(Math.round(Math.min(share, 1) * STEPS), { count, rate });
    else if (this.now() - this.#told >= LINE_EVERY_MS) {
      this.#told = this.now();
      this.err.write(`${phase}: ${Math.floor(Math.min(share, 1) * 100)}%, ${count} ${unit}, ${rate}/s\n`);
    }
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
    this.#phase = undefined;
  }

  #begin(phase: string, unit: string): void {
    this.end();
    this.#phase = phase;
    this.#began = this.now();
    this.#told = this.#began;
    if (this.err.isTTY !== true) return;
    this.#bar = new SingleBar({ format: `${phase.padEnd(9)} [{bar}] {percentage}% · {count} ${unit} · {rate}/s`, stream: this.err, hideCursor: true, clearOnComplete: false });
    this.#bar.start(STEPS, 0, { count: 0, rate: 0 });
  }
}
