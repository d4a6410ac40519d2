import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HsmConfig } from '#platform/config/config.js';

const MODULE = '/usr/lib/softhsm/libsofthsm2.so';
const LABEL = 'countersign';
const SESSIONS = 8;
const INIT_TIMEOUT_MS = 30_000;

/**
 * The SoftHSM2 token of the development profile, made in the data folder where there is none, with a PIN of its own.
 * Sets SOFTHSM2_CONF for this process, which SoftHSM2 reads when the module is initialised.
 */
export function developmentToken(dataDir: string): HsmConfig {
  const folder = join(dataDir, 'softhsm');
  const conf = join(folder, 'softhsm2.conf');
  const pinFile = join(folder, 'pin');
  process.env['SOFTHSM2_CONF'] = conf;
  if (!existsSync(pinFile)) {
    const tokens = join(folder, 'tokens');
    // A start that was cut off left a token that nobody has the PIN of; beside a second one of its label neither would be found. It may also be that somebody lost the PIN: nothing is deleted.
    if (existsSync(tokens)) renameSync(tokens, `${tokens}.without-pin-${Date.now()}`);
    mkdirSync(tokens, { recursive: true, mode: 0o700 });
    writeFileSync(conf, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`, { mode: 0o600 });
    const pin = digits();
    execFileSync('softhsm2-util', ['--init-token', '--free', '--label', LABEL, '--pin', pin, '--so-pin', digits()], { stdio: 'ignore', timeout: INIT_TIMEOUT_MS, env: process.env });
    // Last, so that a start that was cut off before begins anew.
    writeFileSync(pinFile, pin, { mode: 0o600 });
  }
  return { module: MODULE, tokenLabel: LABEL, tokenSerial: null, pin: readFileSync(pinFile, 'utf8'), sessions: SESSIONS };
}

const digits = (): string => String(randomInt(10 ** 11, 10 ** 12));
