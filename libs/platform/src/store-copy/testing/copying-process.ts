import { systemClock } from '../../time/system-clock.js';
import { copyStore } from '../copy-store.js';
import { openForCopy } from '../open-for-copy.js';

/** For tests: copies the embedded store of the data folder `argv[2]` to `argv[3]`, and kills itself the `argv[5]`th time that it tells how far it is in the phase `argv[4]`. */
const [, , from = '', to = '', phaseOfDeath = '', timesUntilDeath = '0'] = process.argv;
const signal = new AbortController().signal;
const source = await openForCopy({ kind: 'embedded', dir: from }, { create: false, signal });
const target = await openForCopy({ kind: 'embedded', dir: to }, { create: true, signal });
let left = Number(timesUntilDeath);
const advanced = (phase: string): void => {
  if (phase === phaseOfDeath && --left === 0) process.kill(process.pid, 'SIGKILL');
};
await copyStore({ source: source.store, target: target.store, window: target.window, clock: systemClock, signal, advanced });
await target.close();
await source.close();
