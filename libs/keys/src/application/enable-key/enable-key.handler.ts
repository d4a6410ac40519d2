import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { keyStream } from '../../streams.js';
import { actorOf } from '../actor-of.js';
import { KEY_EXECUTOR } from '../key-executor.js';
import type { KeyExecutor } from '../key-executor.js';
import type { KeyView } from '../key-view.js';
import { PUBLIC_KEY_PEM } from '../ports/public-key-pem.port.js';
import type { PublicKeyPem } from '../ports/public-key-pem.port.js';
import { presentKey } from '../view-key.js';
import { EnableKeyCommand } from './enable-key.command.js';

@CommandHandler(EnableKeyCommand)
export class EnableKeyHandler implements ICommandHandler<EnableKeyCommand> {
  constructor(@Inject(KEY_EXECUTOR) private readonly keys: KeyExecutor, @Inject(PUBLIC_KEY_PEM) private readonly pem: PublicKeyPem) {}

  async execute({ meta, keyId, reason }: EnableKeyCommand): Promise<KeyView> {
    const by = actorOf(meta);
    const { folded } = await this.keys.execute({ stream: keyStream(keyId), meta, build: () => ({ type: 'enable', reason, by }) });
    return presentKey(folded, this.pem);
  }
}
