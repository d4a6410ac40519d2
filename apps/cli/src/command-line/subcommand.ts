import { parseArgs } from 'node:util';

/** The command was not written as it has to be: exit code 2. Its message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Where a command speaks, and what it hears. */
export interface Surroundings {
  /** Results. */
  readonly out: NodeJS.WritableStream;
  /** Progress and errors. */
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** What people type; left out: nobody is there. */
  readonly input?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the operator wants it to end. */
  readonly signal: AbortSignal;
}

export interface Subcommand {
  /** Its words, as in `store copy`. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What `--help` shows. */
  readonly help: string;
  /** @throws UsageError, and errors of one line */
  readonly run: (args: readonly string[], surroundings: Surroundings) => Promise<void>;
}

type Options = Readonly<Record<string, 'string' | 'boolean'>>;
type Values<O extends Options> = { readonly [K in keyof O]?: O[K] extends 'string' ? string : boolean };

/** The options of a command, each at most once, and nothing else. @throws UsageError */
export function optionsOf<const O extends Options>(args: readonly string[], options: O): Values<O> {
  const config = Object.fromEntries(Object.entries(options).map(([name, type]) => [name, { type, multiple: type === 'string' }]));
  try {
    const { values } = parseArgs({ args: [...args], options: config, strict: true, allowPositionals: false });
    const once = Object.entries(values).map(([name, value]) => {
      if (!Array.isArray(value)) return [name, value];
      if (value.length > 1) throw new UsageError(`--${name} is given twice`);
      return [name, value[0]];
    });
    return Object.fromEntries(once) as Values<O>;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(firstSentence(error));
  }
}

const firstSentence = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split(/\n|\. /u, 1)[0] ?? '';

/** @throws UsageError when it is missing or empty */
export function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new UsageError(`--${name} is missing`);
  return value;
}
