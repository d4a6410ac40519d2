import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '#kernel/error-code.js';
import { packageRoot } from '#platform/worker-entry.js';
import { PROBLEMS, problemOf } from './problem.js';

const rows = readFileSync(join(packageRoot, 'docs/errors.md'), 'utf8').split('\n').map((line) => /^\| `([A-Z0-9_]+)` \| (\d{3}) \| (.+) \| (.+) \|$/.exec(line)).filter((row) => row !== null);

it('has a status for every code, and docs/errors.md explains each once, with that status', () => {
  expect(Object.keys(PROBLEMS).sort()).toEqual([...ERROR_CODES].sort());
  expect(rows.map(([, code]) => code).sort()).toEqual([...ERROR_CODES].sort());
  expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
  for (const code of ERROR_CODES) expect({ code, status: rows.find((row) => row[1] === code)?.[2] }).toEqual({ code, status: String(PROBLEMS[code].status) });
});

it('makes problems of RFC 9457, with faults only where there are some', () => {
  expect(problemOf('KEY_NOT_FOUND', 'none', 'r1')).toEqual({
    type: 'urn:countersign:error:KEY_NOT_FOUND', title: 'There is no such key', status: 404, detail: 'none', code: 'KEY_NOT_FOUND', instance: 'urn:countersign:request:r1',
  });
  expect(problemOf('VALIDATION_FAILED', 'd', 'r1', [{ path: '/a', message: 'm' }]).errors).toEqual([{ path: '/a', message: 'm' }]);
  expect(problemOf('VALIDATION_FAILED', 'd', 'r1', [])).not.toHaveProperty('errors');
});
