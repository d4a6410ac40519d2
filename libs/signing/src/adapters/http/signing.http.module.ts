import { Module } from '@nestjs/common';
import { LedgerController } from './ledger.controller.js';
import { SignOrdersController } from './sign-orders.controller.js';

/** The calls on sign orders and on the signers' ledger. Needs the CommandBus and the QueryBus of a global CqrsModule. */
@Module({ controllers: [SignOrdersController, LedgerController] })
export class SigningHttpModule {}
