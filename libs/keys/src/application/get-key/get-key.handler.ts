import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { keyStream } from '../../streams.js';
import { KEY_EXECUTOR } from '../key-executor.js';
import type { KeyExecutor } from '../key-executor.js';
import type { KeyView } from '../key-view.js';
import { PUBLIC_KEY_PEM } from '../ports/public-key-pem.port.js';
import type { PublicKeyPem } from '../ports/public-key-pem.port.js';
import { presentKey } from '../view-key.js';
import { GetKeyQuery } from './get-key.query.js';

/** Answers from the key's own stream: what was answered can be read at once. */
@QueryHandler(GetKeyQuery)
export class GetKeyHandler implements IQueryHandler<GetKeyQuery> {
  constructor(@Inject(KEY_EXECUTOR) private readonly keys: KeyExecutor, @Inject(PUBLIC_KEY_PEM) private readonly pem: PublicKeyPem) {}

  async execute({ keyId }: GetKeyQuery): Promise<KeyView> {
    return presentKey(await this.keys.states.refresh(keyStream(keyId)), this.pem);
  }
}
