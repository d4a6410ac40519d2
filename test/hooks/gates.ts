import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 5;

/** What a step that passed a point does next: it goes on; it fails, and what was asked for is not done; it fails, and nobody knows what was done. */
export type Verdict = 'go' | 'refuse' | 'lose';

/**
 * Points in the work of a process at which a test can hold it, kill it, or make a write fail. The control file is read anew at each point, one order a line:
 * `hold POINT` waits while the line is there, `die POINT` kills the process (SIGKILL), `refuse POINT` and `lose POINT` fail once. A point is
 * `WHO before|after WHAT`; an order for the beginning of a point is for all that begin so. Each time that an order is obeyed it goes to the log.
 */
export class Gates {
  private readonly control: string;
  private readonly log: string;
  private readonly failed = new Set<string>();

  constructor({ HOOKS_CONTROL, HOOKS_LOG }: NodeJS.ProcessEnv) {
    if (HOOKS_CONTROL === undefined || HOOKS_LOG === undefined) throw new TypeError('HOOKS_CONTROL and HOOKS_LOG name the control file and the log');
    this.control = HOOKS_CONTROL;
    this.log = HOOKS_LOG;
  }

  orders(verb: string): readonly string[] {
    return this.lines().filter((line) => line.startsWith(`${verb} `)).map((line) => line.slice(verb.length + 1));
  }

  async pass(point: string): Promise<Verdict> {
    const lines = this.lines();
    const told = (verb: string, from = lines): string | undefined => from.find((line) => line.startsWith(`${verb} `) && `${verb} ${point} `.startsWith(`${line} `));
    const die = told('die');
    if (die !== undefined) {
      this.note(die);
      process.kill(process.pid, 'SIGKILL');
      await sleep(60_000);
    }
    const hold = told('hold');
    if (hold !== undefined) {
      this.note(hold);
      while (told('hold', this.lines()) !== undefined) await sleep(LOOK_MS);
    }
    for (const verb of ['refuse', 'lose'] as const) {
      const fail = told(verb);
      if (fail === undefined || this.failed.has(fail)) continue;
      this.failed.add(fail);
      this.note(fail);
      return verb;
    }
    return 'go';
  }

  private lines(): readonly string[] {
    return existsSync(this.control) ? readFileSync(this.control, 'utf8').split('\n') : [];
  }

  private note(line: string): void {
    appendFileSync(this.log, `${line}\n`);
  }
}
