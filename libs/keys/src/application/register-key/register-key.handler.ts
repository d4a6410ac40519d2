import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { EVENT_STORE } from '#eventing/event-store.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { STREAM_AWAITER } from '#eventing/stream-awaiter.port.js';
import type { StreamAwaiter } from '#eventing/stream-awaiter.port.js';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Executed } from '#eventing/command-executor.js';
import type { Folded } from '#eventing/stream-states.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { DomainError, invalid } from '#kernel/domain-error.js';
import { CONTROL_PLANE } from '#operations/contract.js';
import type { ControlPlane } from '#operations/contract.js';
import { SIGNER_STATUS } from '#signing/contract.js';
import type { SignerStatus } from '#signing/contract.js';
import { DEFAULT_MODULUS_BITS, isRsa } from '../../domain/key/algorithm.js';
import { registrationRefusal } from '../../domain/key/decide.js';
import type { KeyEvent, RegistrationFailed } from '../../domain/key/events.js';
import type { KeyState } from '../../domain/key/state.js';
import { keyStream } from '../../streams.js';
import { KEY_EXECUTOR } from '../key-executor.js';
import type { KeyExecutor } from '../key-executor.js';
import { decodeKeyEvent } from '../key-kind.js';
import type { KeyView } from '../key-view.js';
import { PUBLIC_KEY_PEM } from '../ports/public-key-pem.port.js';
import type { PublicKeyPem } from '../ports/public-key-pem.port.js';
import { presentKey } from '../view-key.js';
import { ckaIdOf } from './cka-id.js';
import { RegisterKeyCommand } from './register-key.command.js';
import type { KeyRegistration } from './register-key.command.js';
import { RegistrationClaims } from './registration-claims.js';

/** How long the signer is waited for. */
const WAIT_MS = 10_000;
const RETRY_AFTER_SECONDS = 5;
const OUTCOMES = new Set<string>(['keys.registered.v1', 'keys.registration-failed.v1'] satisfies KeyEvent['type'][]);

@CommandHandler(RegisterKeyCommand)
export class RegisterKeyHandler implements ICommandHandler<RegisterKeyCommand> {
  private readonly claims: RegistrationClaims;
  /** By commandId, what is decided now: a claim and the decision it is for are not interleaved with those of the same command about another keyId. */
  private readonly deciding = new Map<string, Promise<unknown>>();

  constructor(
    @Inject(KEY_EXECUTOR) private readonly keys: KeyExecutor,
    @Inject(EVENT_STORE) store: EventStore,
    @Inject(STREAM_AWAITER) private readonly awaiter: StreamAwaiter,
    @Inject(SIGNER_STATUS) private readonly signers: SignerStatus,
    @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane,
    @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock,
    @Inject(PUBLIC_KEY_PEM) private readonly pem: PublicKeyPem,
  ) {
    this.claims = new RegistrationClaims(store, keys);
  }

  async execute({ meta, registration: asked }: RegisterKeyCommand): Promise<KeyView> {
    const registration = withSize(asked);
    const stream = keyStream(registration.keyId);
    (await this.controlPlane.fresh()).resolve(registration.approvalPolicy);
    const { folded } = await this.inTurn(meta.commandId, () => this.request(meta, registration, stream));
    // A repetition has the revision of the original request: whoever sends the command again waits for the same outcome, or is told it.
    const outcome = await this.awaiter.until(stream, folded.revision + 1, WAIT_MS, (e) => OUTCOMES.has(e.type));
    if (outcome === undefined) return presentKey(folded, this.pem);
    const event = decodeKeyEvent(outcome);
    if (event.type === 'keys.registration-failed.v1') throw failure(event.data);
    return presentKey(await this.keys.states.at(stream, outcome.revision), this.pem);
  }

  private request(meta: CommandMeta, registration: KeyRegistration, stream: string): Promise<Executed<KeyState, KeyEvent>> {
    let refusal: DomainError | undefined;
    return this.keys.execute({
      stream,
      meta,
      precheck: async (present) => {
        refusal = await this.refusal(meta, registration, present);
        return 'new';
      },
      build: (now) => {
        if (refusal !== undefined) throw refusal;
        return { type: 'request-registration', registration: { ...registration, ckaIdHex: ckaIdOf(meta.commandId, registration) }, at: now.closing };
      },
    });
  }

  private async inTurn<T>(commandId: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.deciding.get(commandId) ?? Promise.resolve()).then(work, work);
    this.deciding.set(commandId, mine);
    try {
      return await mine;
    } finally {
      if (this.deciding.get(commandId) === mine) this.deciding.delete(commandId);
    }
  }

  /** Why nothing is to be written although the decider would take it; what the decider refuses, and so every repetition, is left to it. */
  private async refusal(meta: CommandMeta, registration: KeyRegistration, { state }: Folded<KeyState>): Promise<DomainError | undefined> {
    if (registrationRefusal(state, registration) !== undefined) return undefined;
    const down = this.signers.down();
    if (down !== undefined) return new DomainError('HSM_UNAVAILABLE', down, { retryAfterSeconds: RETRY_AFTER_SECONDS });
    if (!meta.keyed || (await this.claims.claim(meta, registration.keyId, this.clock.written()))) return undefined;
    return new DomainError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key was used with another body');
  }
}

/** A pair that is to be generated has a size; an adopted one has its own. */
function withSize(asked: KeyRegistration): KeyRegistration {
  return isRsa(asked.algorithm) && asked.modulusBits === null && asked.adopt === null ? { ...asked, modulusBits: DEFAULT_MODULUS_BITS } : asked;
}

function failure({ code, detail }: Pick<RegistrationFailed['data'], 'code' | 'detail'>): DomainError {
  if (code === 'VALIDATION_FAILED') return invalid({ path: '/pkcs11', message: detail });
  return new DomainError(code, detail, code === 'HSM_UNAVAILABLE' ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {});
}
