import { runProcess } from '#platform/process/run-process.js';
import { startSigner } from './start-signer.js';

await runProcess('signer', startSigner);
