import { Controller, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { bodyOf } from '#platform/http/endpoint/endpoint-facts.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { Caller, Input, Meta } from '#platform/http/parameters/caller.decorator.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { AcceptStoreCommand } from '../../application/accept-store/accept-store.command.js';
import type { StoreAcceptanceView } from '../../application/accept-store/accept-store.command.js';
import { AcceptStoreDto, StoreAcceptanceBody } from './accept-store.dto.js';

const HEAD = '3d1b7c3e-6c1c-4f0e-9c67-9f4f2c6b8a10:42-9f86d081884c7d65';
const ONCE: StoreAcceptanceView = { head: HEAD, storeId: 'b3c1a6c2-8c3f-4c52-9a52-0f7f3d0d3f11', accepted: false, by: [{ issuer: 'https://idp.example', subject: 'admin1' }] };
const TWICE: StoreAcceptanceView = { ...ONCE, accepted: true, by: [...ONCE.by, { issuer: 'https://idp.example', subject: 'admin2' }] };

@Controller()
export class LedgerController {
  constructor(private readonly commands: CommandBus) {}

  @Endpoint({
    id: 'acceptStore', method: 'POST', path: '/v1/ledger/acceptances', tag: 'Around it', summary: 'Go on with a store that lies behind the signers’ ledger', access: 'administrator',
    description: 'Where the event store was restored from a backup, or the ledger was lost, nothing is signed (`STORE_BEHIND`) until two different administrators have named the ledger’s present head; under a genesis each signs it. From then on, uses count as spent that either of both knows of.',
    body: bodyOf(AcceptStoreDto, { restored: { head: HEAD, comment: 'Restored from the backup of 12:00 after the fire' } }),
    answers: [
      { status: 201, description: 'Two different administrators named this head', schema: ref(StoreAcceptanceBody), examples: { accepted: TWICE } },
      { status: 202, description: 'Another administrator must name the same head', schema: ref(StoreAcceptanceBody), examples: { 'named by one': ONCE } },
    ],
    problems: ['PROOF_REQUIRED', 'PROOF_INVALID', 'CREDENTIAL_NOT_ACTIVE'],
  })
  async accept(@Meta() meta: CommandMeta, @Caller() caller: Principal, @Input() body: AcceptStoreDto, @Res({ passthrough: true }) answer: Answer): Promise<StoreAcceptanceView> {
    const view = await this.commands.execute(new AcceptStoreCommand(meta, caller, body.head, body.comment, body.proof?.jws));
    if (!view.accepted) answer.code(202);
    return view;
  }
}
