import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Service, sleep } from '#test/system/service.js';
import { digests, makeKey, order, request } from '#test/system/steps.js';
import { EMBEDDED } from '#test/system/stores.js';

const ORDERS = 6;
/** Settlement (200 ms) and the signer's checkpoint (1 s) of one order are over before the next one is placed. */
const QUIET_MS = 1_500;

type Mark = 'asked' | 'log' | 'ledger' | 'answered';
/** What a line of strace tells, as far as it is of interest: the end of a call counts, not its beginning. */
function markOf(line: string): Mark | undefined {
  if (/(read|recvfrom)\(.*"POST \/v1\/operations\/[^/]+\/sign-orders HTTP/.test(line) || /resumed>.*"POST \/v1\/operations\/[^/]+\/sign-orders HTTP/.test(line)) return 'asked';
  if (/(write|writev|sendto|sendmsg)\(.*"HTTP\/1\.1 201 /.test(line)) return 'answered';
  return undefined;
}

afterEach(Service.closeAll);

it('has flushed reservation, `started`, intent and `completed`, in this order, before it answers: fdatasync and answers as the kernel saw them', async () => {
  const service = await Service.create({ stores: EMBEDDED });
  const trace = join(service.dir, 'trace');
  await service.up({ under: ['strace', '-f', '-qq', '-y', '-s', '160', '-e', 'trace=fsync,fdatasync,read,write,writev,recvfrom,sendto,sendmsg', '-e', 'signal=none', '-o', trace], withinMs: 60_000 });
  await makeKey(service, 'fw');
  const operation = await request(service, { fw: ORDERS });
  await sleep(QUIET_MS);
  const skip = readFileSync(trace, 'latin1').length;
  for (let i = 0; i < ORDERS; i += 1) {
    expect(await order(service, operation, 'fw', digests(1))).toMatchObject({ status: 201, body: { state: 'completed' } });
    await sleep(QUIET_MS);
  }
  await service.stop();

  // A call that another thread's interrupts is told in two lines; the second one lacks the file's name.
  const pending = new Map<string, 'log' | 'ledger'>();
  const windows: Mark[][] = [];
  let open: Mark[] | undefined;
  for (const line of readFileSync(trace, 'latin1').slice(skip).split('\n')) {
    const thread = line.split(' ', 1)[0] ?? '';
    const flushed = /(fsync|fdatasync)\(\d+<[^>]*\/(events\.db|ledger\.db)/.exec(line);
    const file = flushed?.[2] === 'events.db' ? 'log' : flushed?.[2] === 'ledger.db' ? 'ledger' : undefined;
    if (file !== undefined && / <unfinished/.test(line)) {
      pending.set(thread, file);
      continue;
    }
    const resumed = /(fsync|fdatasync) resumed>.*= 0/.test(line) ? pending.get(thread) : undefined;
    const mark = file ?? resumed ?? markOf(line);
    if (mark === undefined) continue;
    if (resumed !== undefined) pending.delete(thread);
    if (mark === 'asked') windows.push((open = []));
    else open?.push(mark);
    if (mark === 'answered') open = undefined;
  }
  expect(windows).toHaveLength(ORDERS);
  for (const window of windows) {
    expect(window.filter((mark) => mark !== 'ledger')).toEqual(['log', 'log', 'log', 'answered']);
    // A heartbeat may have flushed the ledger at any moment: one flush stands between `started` and `completed`.
    expect(window.slice(window.indexOf('log', window.indexOf('log') + 1), window.lastIndexOf('log'))).toContain('ledger');
  }
}, 120_000);
