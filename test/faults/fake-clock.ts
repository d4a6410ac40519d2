import { existsSync } from 'node:fs';
import type { Env } from '#test/system/service.js';

const LIBRARY = ['/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1', '/usr/lib/faketime/libfaketimeMT.so.1'].find(existsSync) ?? 'libfaketimeMT.so.1';
export const HOUR_S = 3_600;

/**
 * What a process needs in its environment, so that libfaketime turns its wall clock by what stands in a file, at any moment. CLOCK_MONOTONIC goes on as it is,
 * as when an operator sets the time.
 */
export const clockEnv = (file: string): Env => ({ LD_PRELOAD: LIBRARY, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' });
