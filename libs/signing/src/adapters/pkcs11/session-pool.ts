import { HsmError } from '../../application/ports/hsm.port.js';
import type { Handle } from './cryptoki.js';

interface Waiter {
  readonly give: (session: Handle) => void;
  readonly refuse: (error: HsmError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The sessions of one opening, handed out in order of arrival. A spoilt one is closed and replaced; one whose call never returned is
 * neither: PKCS#11 has no way to cancel it, so the pool is smaller by one until it comes back.
 */
export class SessionPool {
  private readonly free: Handle[] = [];
  private readonly waiting: Waiter[] = [];
  private hung = 0;
  private closed: HsmError | null = null;

  /** @param open opens one session, throws HsmError @param close closes one, never throws */
  constructor(private readonly size: number, private readonly open: () => Handle, private readonly close: (session: Handle) => void) {}

  /** @throws HsmError of the first session that can't be opened */
  fill(): void {
    while (this.free.length < this.size) this.free.push(this.open());
  }
  /** Every session is held by a call that does not return. */
  get stuck(): boolean {
    return this.hung === this.size;
  }

  acquire(timeoutMs: number): Promise<Handle> {
    if (this.closed !== null) return Promise.reject(this.closed);
    if (this.stuck) return Promise.reject(new HsmError('retryable', 'UNAVAILABLE', 'every session is held by a call that does not return'));
    const session = this.free.shift();
    if (session !== undefined) return Promise.resolve(session);
    return new Promise((give, refuse) => {
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
        refuse(new HsmError('retryable', 'UNAVAILABLE', `no session was free within ${timeoutMs} ms`));
      }, timeoutMs);
      const waiter: Waiter = { give, refuse, timer };
      this.waiting.push(waiter);
    });
  }

  giveBack(session: Handle): void {
    if (this.closed !== null) return this.close(session);
    const next = this.waiting.shift();
    if (next === undefined) return void this.free.push(session);
    clearTimeout(next.timer);
    next.give(session);
  }

  /** Closes a spoilt session and opens another in its place. When that fails the opener's error handling decides what it means. */
  replace(session: Handle): void {
    this.close(session);
    if (this.closed !== null) return;
    try {
      this.giveBack(this.open());
    } catch (error) {
      this.shut(error instanceof HsmError ? error : new HsmError('retryable', 'UNAVAILABLE', 'a session could not be opened'));
    }
  }

  /** As `replace`, once the call that holds the session has returned. */
  replaceAfter(returned: Promise<void>, session: Handle): void {
    this.hung++;
    void returned.then(() => {
      this.hung--;
      this.replace(session);
    });
  }

  /** Refuses who waits and closes what is free; what is handed out is closed when it comes back. Idempotent. */
  shut(reason: HsmError): void {
    this.closed ??= reason;
    for (const waiter of this.waiting.splice(0)) {
      clearTimeout(waiter.timer);
      waiter.refuse(reason);
    }
    for (const session of this.free.splice(0)) this.close(session);
  }
}
