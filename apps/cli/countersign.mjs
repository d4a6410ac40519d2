#!/usr/bin/env node
// The operator's command line: makes a fresh clone runnable, then runs the command. Node's own modules only, since there may be no others yet.
import { build, checkNode, installPackages, refuse } from '../standalone/bootstrap.mjs';

try {
  checkNode();
  installPackages();
  build(['apps', 'libs']);
  // Without a configuration it is the development profile's data, as with `npm start`.
  if (process.env.COUNTERSIGN_CONFIG === undefined) process.env.COUNTERSIGN_PROFILE ??= 'development';
  await import(new URL('../../dist/apps/cli/src/main.js', import.meta.url).href);
} catch (error) {
  refuse(error);
}
