// What `npm run demo` runs: makes a fresh clone runnable, then tells the story. Node's own modules only, since there may be no others yet.
import { build, checkNode, installDebianPackages, installPackages, refuse, SOFTHSM_PACKAGES } from '../standalone/bootstrap.mjs';

try {
  checkNode();
  installPackages();
  build(['apps', 'libs']);
  installDebianPackages({ ...SOFTHSM_PACKAGES, '/usr/bin/openssl': 'openssl' });
  await import(new URL('../../dist/apps/cli/src/demo/main.js', import.meta.url).href);
} catch (error) {
  refuse(error);
}
