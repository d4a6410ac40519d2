const MAX_CAUSES = 3;
const MAX_FRAMES = 12;
const MAX_TEXT = 300;
/** Errors whose messages are written by us for operators, or hold names of files and columns but never a value. */
const SAFE_MESSAGES = new Set(['ConfigError', 'HsmError', 'SqliteError']);
const FRAME = /^ {4}at (?:.{1,200} \()?(?:file:\/\/|node:|\/|[A-Za-z]:\\)[^()]{1,300}:\d+:\d+\)?$/;

export interface ErrorFields {
  readonly name: string;
  readonly message?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly frames?: readonly string[];
  readonly cause?: ErrorFields;
}

/**
 * What is known to be safe of something thrown: its name, codes, and where it came from. Messages of errors in general are left out,
 * since a parser's quotes the body and a driver's quotes parameters; so are all other members.
 */
export function errorFields(error: unknown, depth = 0): ErrorFields {
  if (typeof error !== 'object' || error === null) return { name: typeof error };
  const name = wordIn(error, 'name') ?? 'Error';
  const message = textIn(error, 'message');
  const code = wordIn(error, 'code');
  const reason = wordIn(error, 'reason');
  const frames = framesOf(textIn(error, 'stack'), message);
  const cause = memberOf(error, 'cause') ?? memberOf(error, 'driverError');
  return {
    name,
    ...(message !== undefined && (SAFE_MESSAGES.has(name) || isSystemError(error)) ? { message: message.slice(0, MAX_TEXT) } : {}),
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    ...(frames.length === 0 ? {} : { frames }),
    ...(cause === undefined || cause === null || depth >= MAX_CAUSES ? {} : { cause: errorFields(cause, depth + 1) }),
  };
}

// A getter of a hostile object may throw; a log must not.
function memberOf(value: object, key: string): unknown {
  try {
    return key in value ? (value as Record<string, unknown>)[key] : undefined;
  } catch {
    return undefined;
  }
}
function textIn(value: object, key: string): string | undefined {
  const member = memberOf(value, key);
  return typeof member === 'string' ? member : undefined;
}
/** Names and codes are single words; whatever is not one is no name. */
function wordIn(value: object, key: string): string | undefined {
  const member = textIn(value, key);
  return member !== undefined && /^[A-Za-z][A-Za-z0-9_.]{0,63}$/.test(member) ? member : undefined;
}

/** As Node makes them: "ENOSPC: no space left on device, write". */
const isSystemError = (error: object): boolean => typeof memberOf(error, 'errno') === 'number' && wordIn(error, 'syscall') !== undefined;

/** The frames without the header, which repeats the message. */
function framesOf(stack: string | undefined, message: string | undefined): readonly string[] {
  if (stack === undefined) return [];
  const at = message === undefined ? -1 : stack.indexOf(message);
  const body = at === -1 || message === undefined ? stack : stack.slice(at + message.length);
  return body.split('\n').filter((line) => FRAME.test(line)).slice(0, MAX_FRAMES).map((line) => line.trim());
}
