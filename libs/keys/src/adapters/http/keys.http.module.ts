import { Module } from '@nestjs/common';
import { KeyChangesController } from './key-changes.controller.js';
import { KeysController } from './keys.controller.js';

/** The calls on keys. Needs the CommandBus and the QueryBus of a global CqrsModule. */
@Module({ controllers: [KeysController, KeyChangesController] })
export class KeysHttpModule {}
