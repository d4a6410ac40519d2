import { isDeepStrictEqual } from 'node:util';
import type { Colours } from './terminal.js';

/** The service did something else than the story tells. */
export class NotAsToldError extends Error {
  override readonly name = 'NotAsToldError';
  constructor(readonly step: string, what: string) {
    super(what);
  }
}

/** Prints the story step by step, and holds each answer against it. */
export class Telling {
  private steps = 0;
  private title = 'the start';

  constructor(private readonly print: (line: string) => void, readonly colours: Colours) {}

  step(title: string): void {
    this.steps += 1;
    this.title = `step ${this.steps} (${title})`;
    this.print('');
    this.print(this.colours.bold(`${String(this.steps).padStart(2)}  ${title}`));
  }

  /** Something that was found to be as told. */
  seen(text: string): void {
    this.print(`    ${this.colours.green('✓')} ${text}`);
  }

  plain(text: string): void {
    this.print(text === '' ? '' : `    ${text}`);
  }

  /** @throws NotAsToldError naming the step */
  expect(what: string, found: unknown, told: unknown): void {
    if (!isDeepStrictEqual(found, told)) this.fail(`${what}: told ${JSON.stringify(told)}, found ${JSON.stringify(found)}`);
  }

  fail(what: string): never {
    throw new NotAsToldError(this.title, what);
  }

  /** What broke in the middle of a step, as that step's failure. */
  async within<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof NotAsToldError) throw error;
      return this.fail(error instanceof Error ? error.message : String(error));
    }
  }
}
