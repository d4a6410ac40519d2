import { parseArgs } from 'node:util';
import { startFreshInstance } from './fresh-instance.js';
import type { FreshInstance } from './fresh-instance.js';
import { tellStory } from './story.js';
import { NotAsToldError, Telling } from './telling.js';
import { coloursFor } from './terminal.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const colours = coloursFor(process.stdout, process.env);
const stopping = new AbortController();
let instance: FreshInstance | undefined;

/** @returns whether everything was as told */
async function play(url: string | undefined): Promise<boolean> {
  const started = performance.now();
  if (url === undefined) say(colours.dim('starting a fresh instance …'));
  instance = url === undefined ? await startFreshInstance(stopping.signal) : undefined;
  const base = (instance?.url ?? url ?? '').replace(/\/$/, '');
  say(`Countersign at ${base}${instance === undefined ? '' : `, ready after ${seconds(started)} s, data in ${instance.folder}`}`);
  try {
    await tellStory(base, new Telling(say, colours));
  } catch (error) {
    if (!(error instanceof NotAsToldError)) throw error;
    process.stderr.write(`\n${colours.red('✗')} not as told in ${error.step}: ${error.message}\n${instance === undefined ? '' : `  its data and log are kept in ${instance.folder}\n`}`);
    return false;
  }
  say('');
  say(colours.green(`All as told, in ${seconds(started)} s.`));
  return true;
}

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    // Before it is ready, the start itself takes away what there is of it.
    stopping.abort();
    void instance?.stop(false).finally(() => process.exit(130));
  });

try {
  const { values } = parseArgs({ options: { url: { type: 'string' } } });
  const good = await play(values.url);
  await instance?.stop(!good);
  process.exitCode = good ? 0 : 1;
} catch (error) {
  await instance?.stop(false);
  process.stderr.write(`countersign demo: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}\n`);
  process.exitCode = 1;
}
