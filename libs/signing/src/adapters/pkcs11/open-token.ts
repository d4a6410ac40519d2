import { HsmError } from '../../application/ports/hsm.port.js';
import type { HsmMetrics } from '../../application/ports/hsm.port.js';
import { Cryptoki } from './cryptoki.js';
import type { Handle, TokenInfo } from './cryptoki.js';
import type { CryptokiError } from './cryptoki-error.js';
import { KeyObjects } from './key-objects.js';
import type { ModuleLease } from './module-registry.js';
import { SessionPool } from './session-pool.js';

export interface TokenSelector {
  readonly tokenLabel?: string;
  readonly tokenSerial?: string;
}
export interface TokenParts {
  readonly lease: ModuleLease;
  readonly metrics: HsmMetrics;
  readonly selector: TokenSelector;
  readonly sessions: number;
  /** Logs in on the session given. @throws HsmError */
  readonly login: (cryptoki: Cryptoki, keeper: Handle) => Promise<void>;
  /** Called once, when a call showed that sessions, handles and login of this opening are gone. */
  readonly onLost: (error: HsmError) => void;
}

/** One opening of the token: its slot, its login, its sessions and the handles found in it. Handles of one opening mean nothing in another. */
export class OpenToken {
  readonly pool: SessionPool;
  readonly keys: KeyObjects;
  readonly mechanisms: ReadonlySet<number>;
  private state: 'opening' | 'open' | 'lost' = 'opening';

  /** @throws HsmError */
  static async open(parts: TokenParts): Promise<OpenToken> {
    let token: OpenToken | undefined;
    const cryptoki = new Cryptoki(parts.lease, parts.metrics, (error) => token?.fault(error));
    const { slot, info } = findSlot(cryptoki, parts.selector);
    // The keeper lives as long as the opening: the login and imported public keys end with the last session.
    const keeper = cryptoki.openSession(slot, false);
    try {
      await parts.login(cryptoki, keeper);
      token = new OpenToken(parts, cryptoki, slot, info.serial, keeper);
      token.pool.fill();
      token.state = 'open';
      return token;
    } catch (error) {
      token?.pool.shut(new HsmError('retryable', 'UNAVAILABLE', 'the token could not be opened'));
      closeQuietly(cryptoki, keeper);
      throw error;
    }
  }

  private constructor(private readonly parts: TokenParts, readonly cryptoki: Cryptoki, readonly slot: Handle, readonly serial: string, readonly keeper: Handle) {
    this.pool = new SessionPool(parts.sessions, () => cryptoki.openSession(slot, false), (session) => closeQuietly(cryptoki, session));
    this.mechanisms = cryptoki.mechanisms(slot);
    this.keys = new KeyObjects(cryptoki, keeper, () => this.assertPresent());
  }

  get lost(): boolean {
    return this.state === 'lost';
  }

  /**
   * SoftHSM2 reports a token that went away like keys that were deleted: object handle invalid, nothing found. Only C_GetTokenInfo tells the two apart.
   * So "the key is missing" may be said only after this.
   * @throws HsmError `retryable` when the token is not there; the opening is lost then
   */
  assertPresent(): void {
    if (this.state === 'lost') throw new HsmError('retryable', 'UNAVAILABLE', 'the token was lost');
    let info: TokenInfo;
    try {
      info = this.cryptoki.tokenInfo(this.slot);
    } catch (error) {
      throw this.lose(error instanceof HsmError ? error : new HsmError('retryable', 'UNAVAILABLE', 'the token does not answer'));
    }
    if (info.serial !== this.serial) throw this.lose(new HsmError('retryable', 'TOKEN_MISSING', 'another token is in the slot'));
  }

  /** Looks whether the token is still there; a lost one is reported through `onLost`. */
  probe(): void {
    if (this.state !== 'open') return;
    try {
      this.assertPresent();
    } catch {
      // assertPresent has reported it.
    }
  }

  closeSession(session: Handle): void {
    closeQuietly(this.cryptoki, session);
  }

  /** Closes what is not handed out. Calls that still run keep their sessions until they return; the process is logged out with its last session. */
  close(reason: HsmError): void {
    this.state = 'lost';
    this.pool.shut(reason);
    closeQuietly(this.cryptoki, this.keeper);
  }

  private fault(error: CryptokiError): void {
    if (error.reach === 'token' || (error.functionName === 'C_OpenSession' && error.reach === 'session')) this.lose(error);
  }
  private lose(error: HsmError): HsmError {
    if (this.state === 'open') {
      this.state = 'lost';
      this.parts.onLost(error);
    }
    return error.errorClass === 'retryable' ? error : new HsmError('retryable', 'UNAVAILABLE', error.message);
  }
}

function findSlot(cryptoki: Cryptoki, selector: TokenSelector): { readonly slot: Handle; readonly info: TokenInfo } {
  const found: { readonly slot: Handle; readonly info: TokenInfo }[] = [];
  let trouble = '';
  for (const slot of cryptoki.slots()) {
    try {
      const info = cryptoki.tokenInfo(slot);
      const labelFits = selector.tokenLabel === undefined || selector.tokenLabel === info.label;
      const serialFits = selector.tokenSerial === undefined || selector.tokenSerial === info.serial;
      if (labelFits && serialFits) found.push({ slot, info });
    } catch (error) {
      // A broken reader beside the one that is wanted is nobody's business, unless that one is not found.
      trouble = error instanceof Error ? `; ${error.message}` : '';
    }
  }
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const wanted = JSON.stringify(selector);
  throw new HsmError('retryable', 'TOKEN_MISSING', found.length === 0 ? `no token matches ${wanted}${trouble}` : `${found.length} tokens match ${wanted}`);
}

function closeQuietly(cryptoki: Cryptoki, session: Handle): void {
  try {
    cryptoki.closeSession(session);
  } catch {
    // A session that can't be closed is closed already, or went with its token.
  }
}
