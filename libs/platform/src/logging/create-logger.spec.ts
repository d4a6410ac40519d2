import { DomainError } from '#kernel/domain-error.js';
import { createLogger } from './create-logger.js';
import { errorFields } from './error-fields.js';
import { logWith, type LogFields } from './log.js';

const SECRET = 'c2VjcmV0LXNlY3JldA==';
const collect = (level?: 'debug'): { lines: () => Record<string, unknown>[]; raw: () => string; log: ReturnType<typeof createLogger> } => {
  const written: string[] = [];
  const log = createLogger({ name: 'api', destination: { write: (line: string) => void written.push(line) }, ...(level === undefined ? {} : { level }) });
  return { lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>), raw: () => written.join(''), log };
};

describe('createLogger', () => {
  it('writes JSON lines with time, level, name and the fields', () => {
    const { log, lines } = collect();
    log.info({ requestId: 'r1', status: 201, position: 5n, keyId: null }, 'request');
    expect(lines()).toEqual([{ level: 'info', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/), name: 'api', requestId: 'r1', status: 201, position: '5', keyId: null, msg: 'request' }]);
  });

  it('obeys the level', () => {
    const quiet = collect();
    quiet.log.debug({}, 'no');
    quiet.log.warn({}, 'yes');
    const loud = collect('debug');
    loud.log.debug({}, 'yes');
    expect([quiet.lines().length, loud.lines().length]).toEqual([1, 1]);
  });

  it('writes no field that is not known as safe, and no object in one that is', () => {
    const { log, lines, raw } = collect();
    const smuggled = { requestId: 'r', token: SECRET, pin: SECRET, data: SECRET, digests: [SECRET], headers: { authorization: SECRET }, reason: { nested: SECRET } } as unknown as LogFields;
    log.error(smuggled, 'refused');
    expect(raw()).not.toContain(SECRET);
    expect(lines()[0]).not.toHaveProperty('reason');
  });

  it('cuts long texts', () => {
    const { log, lines } = collect();
    log.info({ reason: 'x'.repeat(5_000) }, 'm');
    expect(String(lines()[0]?.['reason'])).toHaveLength(1_001);
  });

  it('carries a request id', () => {
    const { log, lines } = collect('debug');
    const carrying = logWith(log, { requestId: 'r7' });
    for (const level of ['debug', 'info', 'warn', 'error'] as const) carrying[level]({ code: 'X' }, 'm');
    expect(lines().map((line) => [line['level'], line['requestId'], line['code']])).toEqual(['debug', 'info', 'warn', 'error'].map((level) => [level, 'r7', 'X']));
  });
});

describe('errorFields', () => {
  const inLog = (error: unknown): string => {
    const { log, raw } = collect();
    log.error({ error }, 'failed');
    return raw();
  };

  it('tells name, code, place and cause, and no message', () => {
    let parsing: unknown;
    try {
      JSON.parse(`{"data": "${SECRET}", `);
    } catch (error) {
      parsing = error;
    }
    const error = Object.assign(new TypeError(`bad ${SECRET}`, { cause: parsing }), { code: 'E_BAD', parameters: [SECRET], body: { data: SECRET } });
    const fields = errorFields(error);
    expect(JSON.stringify(fields)).not.toContain(SECRET);
    expect(fields).toMatchObject({ name: 'TypeError', code: 'E_BAD', cause: { name: 'SyntaxError' } });
    expect(fields.frames?.[0]).toMatch(/^at .*create-logger\.spec\.ts:\d+:\d+\)?$/);
    expect(inLog(error)).not.toContain(SECRET);
  });

  it.each<[string, () => unknown]>([
    ['a message of several lines like frames', () => new Error(`x\n    at f (/tmp/${SECRET}:1:1)`)],
    ['a message changed after the stack was taken', () => {
      const error = new Error(`one ${SECRET}`);
      error.message = 'two';
      return error;
    }],
    ['a domain error', () => new DomainError('VALIDATION_FAILED', SECRET, { faults: [{ path: '/data', message: SECRET }] })],
    ['a text', () => SECRET],
    ['an object', () => ({ name: SECRET, code: `${SECRET} `, data: SECRET, message: SECRET, stack: SECRET })],
    ['a getter that throws', () => ({ get message(): string { throw new Error(SECRET); } })],
    ['a circle of causes', () => {
      const error: { cause?: unknown; message: string } = new Error(SECRET);
      error.cause = error;
      return error;
    }],
  ])('gives nothing away for %s', (_name, make) => {
    expect(inLog(make())).not.toContain(SECRET);
  });

  it('keeps the messages of the system and of our own errors for operators', () => {
    expect(errorFields(Object.assign(new Error('ENOSPC: no space left on device, write'), { errno: -28, syscall: 'write', code: 'ENOSPC' }))).toMatchObject({ message: 'ENOSPC: no space left on device, write', code: 'ENOSPC' });
    class HsmError extends Error {
      override readonly name = 'HsmError';
      readonly reason = 'PIN_INCORRECT';
    }
    expect(errorFields(new HsmError('the token refuses the PIN'))).toMatchObject({ name: 'HsmError', message: 'the token refuses the PIN', reason: 'PIN_INCORRECT' });
    expect(errorFields(new DomainError('INTERNAL', 'x'))).toMatchObject({ name: 'DomainError', code: 'INTERNAL' });
  });
});
