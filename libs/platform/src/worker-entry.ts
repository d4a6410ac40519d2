import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const packageRoot = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
})();

/**
 * The compiled file of a worker thread: threads run what `npm run build` made, also when their owner runs from source under Jest.
 * @param module path from the repository's root without extension, such as `libs/platform/src/embedded-log/log.worker`
 */
export const workerEntry = (module: string): string => join(packageRoot, 'dist', `${module}.js`);
