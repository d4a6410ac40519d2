import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Pkcs11Hsm } from '#signing/adapters/pkcs11/pkcs11-hsm.js';
import { workerEntry } from '#platform/worker-entry.js';
import { createSoftHsmToken } from '#test/fixtures/softhsm.js';

export interface RawHsmRate {
  readonly signatures: number;
  readonly signaturesPerSecond: number;
}
interface Load {
  readonly ms: number;
  readonly sessions: number;
  readonly module: string;
  readonly tokenLabel: string;
  readonly pin: string;
}

async function load({ ms, sessions, ...token }: Load): Promise<RawHsmRate> {
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const hsm = new Pkcs11Hsm({ ...token, sessions, failedPins: { isFailed: () => Promise.resolve(false), remember: () => Promise.resolve() }, metrics: { call: () => undefined }, log: quiet });
  await hsm.open();
  const pair = await hsm.findOrCreateKeyPair({ ckaIdHex: randomBytes(16).toString('hex'), label: 'bench', algorithm: 'ES256', modulusBits: null });
  const key = { ckaIdHex: pair.ckaIdHex, spki: pair.spki, algorithm: 'ES256' as const };
  const run = async (duration: number): Promise<RawHsmRate> => {
    const since = performance.now();
    let signatures = 0;
    await Promise.all(Array.from({ length: sessions }, async () => {
      const session = await hsm.acquire(10_000);
      const digest = randomBytes(32);
      await session.prepare(key);
      while (performance.now() - since < duration) {
        await session.sign(key, digest);
        signatures++;
      }
      session.release();
    }));
    return { signatures, signaturesPerSecond: signatures / ((performance.now() - since) / 1_000) };
  };
  await run(Math.min(500, ms));
  const rate = await run(ms);
  await hsm.close();
  return rate;
}

/**
 * Raw ES256 signatures per second of SoftHSM2 on a fresh token, through the adapter's own session pool: what single signatures can't exceed.
 * Start the process with UV_THREADPOOL_SIZE of sessions + 4.
 * @param ms how long to measure @param thread in a worker thread, as the signer runs
 */
export async function measureHsm({ ms, sessions, thread = false }: { readonly ms: number; readonly sessions: number; readonly thread?: boolean }): Promise<RawHsmRate> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const before = process.env['SOFTHSM2_CONF'];
  try {
    const token = createSoftHsmToken(dir);
    process.env['SOFTHSM2_CONF'] = token.conf;
    const what: Load = { ms, sessions, module: token.module, tokenLabel: token.label, pin: token.pin };
    return await (thread ? inThread(what) : load(what));
  } finally {
    if (before === undefined) delete process.env['SOFTHSM2_CONF'];
    else process.env['SOFTHSM2_CONF'] = before;
    rmSync(dir, { recursive: true, force: true });
  }
}

function inThread(what: Load): Promise<RawHsmRate> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerEntry('test/bench/raw-hsm'), { workerData: { rawHsm: what } });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread ended without a figure')));
  });
}

const given = isMainThread ? null : (workerData as { readonly rawHsm?: Load } | null);
if (given?.rawHsm !== undefined) parentPort?.postMessage(await load(given.rawHsm));
