import { HsmError } from '../../application/ports/hsm.port.js';
import type { Hsm, HsmKeyPair, HsmSession, HsmStatus } from '../../application/ports/hsm.port.js';
import { bounded } from './bounded.js';
import { findOrCreatePair, findPair } from './key-pairs.js';
import type { AdoptRequest, PairRequest } from './key-pairs.js';
import { loginOnce } from './login.js';
import { leaseModule } from './module-registry.js';
import type { ModuleLease } from './module-registry.js';
import { OpenToken } from './open-token.js';
import type { Pkcs11Config } from './pkcs11-config.js';
import { Pkcs11Session } from './pkcs11-session.js';

const closedError = (): HsmError => new HsmError('retryable', 'UNAVAILABLE', 'closed');

/**
 * A token behind a PKCS#11 module. Runs on any thread; C_SignInit and searches are synchronous, so it belongs on one that serves nobody else (rule 15).
 * An automatic retry inside the module would sign twice for one C_Sign: it has to be switched off there.
 */
export class Pkcs11Hsm implements Hsm {
  private token: OpenToken | null = null;
  private lease: ModuleLease | null = null;
  private down: HsmError = new HsmError('retryable', 'UNAVAILABLE', 'not opened yet');
  private opening: Promise<void> | null = null;
  private closed = false;
  private failures = 0;
  private reopenTimer: NodeJS.Timeout | null = null;
  private probeTimer: NodeJS.Timeout | null = null;
  private generating: Promise<unknown> = Promise.resolve();

  constructor(private readonly config: Pkcs11Config) {}

  open(): Promise<void> {
    if (this.token !== null) return Promise.resolve();
    if (this.closed || this.down.errorClass === 'fatal') return Promise.reject(this.down);
    this.opening ??= this.openOnce().finally(() => (this.opening = null));
    return this.opening;
  }

  status(): HsmStatus {
    if (this.token === null) return { state: 'down', reason: this.down.reason, detail: this.down.message };
    if (this.token.pool.stuck) return { state: 'down', reason: 'UNAVAILABLE', detail: 'every session is held by a call that does not return' };
    return { state: 'ready', tokenSerial: this.token.serial };
  }

  async acquire(timeoutMs: number): Promise<HsmSession> {
    const token = this.ready();
    return new Pkcs11Session(token, await token.pool.acquire(timeoutMs), this.config.signTimeoutMs ?? 30_000);
  }

  /** One at a time: a generation that outlived its caller's patience must be seen before the next attempt at the same pair looks. */
  async findOrCreateKeyPair(request: PairRequest): Promise<HsmKeyPair> {
    const timeoutMs = this.config.generateTimeoutMs ?? 120_000;
    let free = (): void => undefined;
    const before = this.generating;
    this.generating = new Promise<void>((resolve) => (free = resolve)).then(() => before);
    let running: Promise<void> = Promise.resolve();
    try {
      await bounded(before, timeoutMs, () => new HsmError('retryable', 'UNAVAILABLE', 'another key pair is being generated'));
      return await findOrCreatePair(this.ready(), request, timeoutMs, (returned) => {
        running = returned;
      });
    } finally {
      void running.then(free);
    }
  }

  findKeyPair(request: AdoptRequest): Promise<HsmKeyPair> {
    return Promise.resolve().then(() => findPair(this.ready(), request));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.stopTimers();
    await this.opening?.catch(() => undefined);
    this.down = closedError();
    const { token, lease } = this;
    this.token = null;
    this.lease = null;
    token?.close(this.down);
    await lease?.release(true);
    this.config.log.info({ module: this.config.module }, 'token closed');
  }

  private ready(): OpenToken {
    if (this.token === null) throw new HsmError('retryable', this.down.reason, this.down.message);
    return this.token;
  }

  private async openOnce(): Promise<void> {
    const { module, sessions, metrics, pin, failedPins, log } = this.config;
    this.stopTimers();
    try {
      const lease = await leaseModule(module, () => this.token?.probe());
      this.lease = lease;
      const token = await OpenToken.open({
        lease, metrics, sessions, selector: selectorOf(this.config),
        login: (cryptoki, keeper) => lease.inTurn(() => loginOnce(cryptoki, keeper, pin, failedPins, log)),
        onLost: (error) => this.lost(error),
      });
      if (token.lost) throw new HsmError('retryable', 'UNAVAILABLE', 'the token was lost while it was opened');
      this.token = token;
      this.failures = 0;
      this.probeTimer = setInterval(() => token.probe(), this.config.probeMs ?? 5_000).unref();
      log.info({ module, tokenSerial: token.serial, sessions }, 'token opened');
    } catch (thrown) {
      const error = thrown instanceof HsmError ? thrown : new HsmError('retryable', 'UNAVAILABLE', thrown instanceof Error ? thrown.message : 'the token could not be opened');
      this.down = error;
      log.error({ module, errorClass: error.errorClass, reason: error.reason, detail: error.message }, 'token could not be opened');
      await this.giveUpLease();
      if (error.errorClass !== 'fatal') this.reopenLater();
      throw error;
    }
  }

  private lost(error: HsmError): void {
    const { token } = this;
    this.token = null;
    this.down = error;
    this.stopTimers();
    token?.close(new HsmError('retryable', error.reason, error.message));
    this.config.log.error({ module: this.config.module, reason: error.reason, detail: error.message }, 'token lost');
    void this.giveUpLease();
    if (error.errorClass !== 'fatal') this.reopenLater();
  }

  /** A module that lost its token, or never found it, may see it only after C_Initialize: SoftHSM2 does. So the next lease without other users starts with C_Finalize. */
  private async giveUpLease(): Promise<void> {
    const { lease } = this;
    this.lease = null;
    if (this.down.errorClass !== 'fatal') lease?.lost();
    await lease?.release(this.down.errorClass === 'fatal');
  }

  private reopenLater(): void {
    if (this.closed || this.reopenTimer !== null) return;
    const { first, last } = this.config.reopenMs ?? { first: 250, last: 10_000 };
    const wait = Math.min(last, first * 2 ** Math.min(this.failures++, 20));
    this.reopenTimer = setTimeout(() => {
      this.reopenTimer = null;
      // A failure is in `status()` and in the log, and sets the next timer.
      this.open().catch(() => undefined);
    }, wait).unref();
  }

  private stopTimers(): void {
    if (this.reopenTimer !== null) clearTimeout(this.reopenTimer);
    if (this.probeTimer !== null) clearInterval(this.probeTimer);
    this.reopenTimer = null;
    this.probeTimer = null;
  }
}

const selectorOf = ({ tokenLabel, tokenSerial }: Pkcs11Config) => ({ ...(tokenLabel === undefined ? {} : { tokenLabel }), ...(tokenSerial === undefined ? {} : { tokenSerial }) });
