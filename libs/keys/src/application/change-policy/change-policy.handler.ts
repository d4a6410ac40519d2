import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { keyStream } from '../../streams.js';
import { CONTROL_PLANE } from '#operations/contract.js';
import type { ControlPlane } from '#operations/contract.js';
import { actorOf } from '../actor-of.js';
import { KEY_EXECUTOR } from '../key-executor.js';
import type { KeyExecutor } from '../key-executor.js';
import type { KeyView } from '../key-view.js';
import { PUBLIC_KEY_PEM } from '../ports/public-key-pem.port.js';
import type { PublicKeyPem } from '../ports/public-key-pem.port.js';
import { presentKey } from '../view-key.js';
import { ChangePolicyCommand } from './change-policy.command.js';

@CommandHandler(ChangePolicyCommand)
export class ChangePolicyHandler implements ICommandHandler<ChangePolicyCommand> {
  constructor(
    @Inject(KEY_EXECUTOR) private readonly keys: KeyExecutor,
    @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane,
    @Inject(PUBLIC_KEY_PEM) private readonly pem: PublicKeyPem,
  ) {}

  async execute({ meta, keyId, approvalPolicy }: ChangePolicyCommand): Promise<KeyView> {
    // A reference that leads nowhere would make every request for the key fail.
    (await this.controlPlane.fresh()).resolve(approvalPolicy);
    const by = actorOf(meta);
    const { folded } = await this.keys.execute({ stream: keyStream(keyId), meta, build: () => ({ type: 'change-policy', approvalPolicy, by }) });
    return presentKey(folded, this.pem);
  }
}
