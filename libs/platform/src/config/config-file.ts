import { readFileSync, statSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { ConfigError } from './config-error.js';
import { FILE_VARIABLE } from './variables.js';
import { isMapping } from './shape.js';

const MAX_FILE_BYTES = 1024 * 1024;
const MAX_PIN_FILE_BYTES = 1024;

function readBounded(where: string, file: string, maxBytes: number): string {
  try {
    const status = statSync(file);
    if (!status.isFile() && !status.isFIFO()) throw new ConfigError(where, `${file} is not a file`);
    if (status.size > maxBytes) throw new ConfigError(where, `${file} has more than ${maxBytes} bytes`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
    throw new ConfigError(where, `${file} can not be read (${code})`);
  }
}

/** The mapping in a YAML 1.2 file (JSON is YAML). Messages tell line and column only: a line may hold a PIN. */
export function readConfigFile(file: string): Record<string, unknown> {
  const lineCounter = new LineCounter();
  const document = parseDocument(readBounded(FILE_VARIABLE, file, MAX_FILE_BYTES), { lineCounter, prettyErrors: false, logLevel: 'error', stringKeys: true });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    const { line, col } = lineCounter.linePos(fault.pos[0]);
    throw new ConfigError(file, `is not valid YAML at line ${line}, column ${col} (${fault.code})`);
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch {
    throw new ConfigError(file, 'is not valid YAML: its aliases can not be resolved');
  }
  if (value === null || value === undefined) return {};
  if (!isMapping(value)) throw new ConfigError(file, 'must be a mapping of keys to values');
  return value;
}

/** A PIN from a file, without the line end that editors leave. */
export function readPinFile(where: string, file: string): string {
  const pin = readBounded(where, file, MAX_PIN_FILE_BYTES).replace(/\r?\n$/, '');
  if (pin === '' || pin.includes('\0') || pin.includes('\n')) throw new ConfigError(where, `${file} must hold the PIN on one line`);
  return pin;
}
