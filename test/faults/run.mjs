// What `npm run test:faults` runs: the suite of faults in its long form, 300 rounds of kills and more; `FAULT_ROUNDS=1000` for more of them. A quarter of an hour.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const suite = fileURLToPath(new URL('../run.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [suite, 'faults'], { stdio: 'inherit', env: { FAULT_ROUNDS: '300', ...process.env } });
process.exit(status ?? 1);
