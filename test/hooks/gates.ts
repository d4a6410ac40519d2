import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 5;

/**
 * Points in the work of a signer at which a test can hold it or kill its process. The control file is read anew at each point, one order a line:
 * `hold POINT` waits while the line is there, `die POINT` kills the process (SIGKILL). A point is `SIGNER before|after WHAT`; an order for the
 * beginning of a point is for all that begin so. Each time that an order is obeyed a line goes to the log.
 */
export class Gates {
  private readonly control: string;
  private readonly log: string;

  constructor({ HOOKS_CONTROL, HOOKS_LOG }: NodeJS.ProcessEnv) {
    if (HOOKS_CONTROL === undefined || HOOKS_LOG === undefined) throw new TypeError('HOOKS_CONTROL and HOOKS_LOG name the control file and the log');
    this.control = HOOKS_CONTROL;
    this.log = HOOKS_LOG;
  }

  orders(verb: string): readonly string[] {
    const text = existsSync(this.control) ? readFileSync(this.control, 'utf8') : '';
    return text.split('\n').filter((line) => line.startsWith(`${verb} `)).map((line) => line.slice(verb.length + 1));
  }

  async pass(point: string): Promise<void> {
    const told = (verb: string): boolean => this.orders(verb).some((begin) => point === begin || point.startsWith(`${begin} `));
    if (told('die')) {
      this.note(`die ${point}`);
      process.kill(process.pid, 'SIGKILL');
      await sleep(60_000);
    }
    if (!told('hold')) return;
    this.note(`hold ${point}`);
    while (told('hold')) await sleep(LOOK_MS);
  }

  private note(line: string): void {
    appendFileSync(this.log, `${line}\n`);
  }
}
