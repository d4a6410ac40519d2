import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { EVENT_STORE } from '#eventing/event-store.port.js';
import type { EventStore, Position } from '#eventing/event-store.port.js';
import { STARTED_ORDERS } from '#signing/contract.js';
import type { StartedOrders } from '#signing/contract.js';
import { keyStream } from '../../streams.js';
import type { KeyEvent } from '../../domain/key/events.js';
import { actorOf } from '../actor-of.js';
import { KEY_EXECUTOR } from '../key-executor.js';
import type { KeyExecutor } from '../key-executor.js';
import type { KeyView } from '../key-view.js';
import { PUBLIC_KEY_PEM } from '../ports/public-key-pem.port.js';
import type { PublicKeyPem } from '../ports/public-key-pem.port.js';
import { presentKey } from '../view-key.js';
import { DisableKeyCommand } from './disable-key.command.js';

const DISABLED: KeyEvent['type'] = 'keys.disabled.v1';
const PAGE = 50;

@CommandHandler(DisableKeyCommand)
export class DisableKeyHandler implements ICommandHandler<DisableKeyCommand> {
  constructor(
    @Inject(KEY_EXECUTOR) private readonly keys: KeyExecutor,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(STARTED_ORDERS) private readonly started: StartedOrders,
    @Inject(PUBLIC_KEY_PEM) private readonly pem: PublicKeyPem,
  ) {}

  async execute({ meta, keyId, reason }: DisableKeyCommand): Promise<KeyView & { readonly inFlight: readonly string[] }> {
    const stream = keyStream(keyId);
    const by = actorOf(meta);
    const { folded, position } = await this.keys.execute({ stream, meta, build: () => ({ type: 'disable', reason, by }) });
    const key = presentKey(folded, this.pem);
    const at = position ?? (await this.disabledAt(stream, folded.revision));
    return { ...key, inFlight: at === undefined ? [] : await this.started.startedBefore({ keyId }, at) };
  }

  /** Where the key became disabled, as of `revision`: a repetition, and a key that is disabled already, tell the orders of that moment. */
  private async disabledAt(stream: string, revision: number): Promise<Position | undefined> {
    for (let from = revision; from >= 0; from -= PAGE) {
      const page = await this.store.readStream(stream, { from, limit: PAGE, direction: 'backward' });
      const disabled = page.find((e) => e.type === DISABLED);
      if (disabled !== undefined) return disabled.position;
    }
    return undefined;
  }
}
