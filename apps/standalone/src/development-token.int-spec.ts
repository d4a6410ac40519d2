import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { developmentToken } from './development-token.js';

describe('the token of the development profile', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'development-token-'));
  const before = process.env['SOFTHSM2_CONF'];
  const tokens = (): number => execFileSync('softhsm2-util', ['--show-slots'], { encoding: 'utf8', env: process.env }).match(/^\s*Label:\s+countersign\s*$/gm)?.length ?? 0;
  afterAll(() => {
    if (before === undefined) delete process.env['SOFTHSM2_CONF'];
    else process.env['SOFTHSM2_CONF'] = before;
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('is made once, with a PIN that only its owner reads', () => {
    const made = developmentToken(dataDir);
    expect(made.pin).toMatch(/^\d{12}$/);
    expect(statSync(join(dataDir, 'softhsm', 'pin')).mode & 0o777).toBe(0o600);
    expect(developmentToken(dataDir)).toEqual(made);
    expect(tokens()).toBe(1);
  });

  it('is made anew when a start was cut off before its PIN was kept, and the other one is put aside', () => {
    const { pin } = developmentToken(dataDir);
    rmSync(join(dataDir, 'softhsm', 'pin'));
    expect(developmentToken(dataDir).pin).not.toBe(pin);
    expect(tokens()).toBe(1);
    expect(readdirSync(join(dataDir, 'softhsm')).filter((name) => name.startsWith('tokens.without-pin-'))).toHaveLength(1);
  });
});
