// What `npm run soak` runs; `-- --json FILE` writes the figures to a file as well, `SOAK_SECONDS=60` makes it shorter than 10 minutes.
import { launch } from './launch.mjs';

launch('soak');
