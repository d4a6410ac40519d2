// What `npm run bench` runs; `-- --json FILE` writes the figures to a file as well, `-- --only split,queue` runs some sections alone.
import { launch } from './launch.mjs';

launch('main');
