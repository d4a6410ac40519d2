import { READ_MODEL_PARTS, allProjections } from '#apps/worker/src/read-model-parts.js';
import { openEmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import { followReadModel } from '#platform/read-model/follow-read-model.js';
import { openReadModel } from '#platform/read-model/open-read-model.js';
import { Projector } from '#platform/read-model/projector.js';

// Projects what is in the log of a folder until it is killed; says so when it has everything.
const dataDir = process.argv[2] ?? '';
const log = await openEmbeddedLog({ dir: dataDir });
const projector = new Projector(await openReadModel({ readModel: { kind: 'embedded' }, dataDir, parts: READ_MODEL_PARTS }), allProjections());
const follow = followReadModel({ store: log.store, projector, signal: new AbortController().signal });
const timer = setInterval(() => {
  if (projector.progress.state.caughtUp) process.stdout.write('caught up\n');
}, 5);
await follow;
clearInterval(timer);
