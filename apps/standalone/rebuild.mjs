// What `npm run rebuild-projections` runs: makes a fresh clone runnable, then rebuilds. Node's own modules only, since there may be no others yet.
import { build, checkNode, installPackages, refuse } from './bootstrap.mjs';

try {
  checkNode();
  installPackages();
  build(['apps', 'libs']);
  // Without a configuration it is the development profile's data, as with `npm start`.
  if (process.env.COUNTERSIGN_CONFIG === undefined) process.env.COUNTERSIGN_PROFILE ??= 'development';
  await import(new URL('../../dist/apps/standalone/src/rebuild-projections.js', import.meta.url).href);
} catch (error) {
  refuse(error);
}
