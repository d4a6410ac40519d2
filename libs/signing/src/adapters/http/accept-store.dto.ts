import { ObjectField } from '#platform/http/fields/nested.field.js';
import { OneOfField, PatternField, TextField } from '#platform/http/fields/text.field.js';
import { listOf, Member, Named, ref } from '#platform/http/schema/json-schema.js';
import { ActorBody } from '#platform/http/schema/people.schema.js';
import { TEXT } from '#platform/http/schema/texts.js';
import type { StoreAcceptanceView } from '../../application/accept-store/accept-store.command.js';
import { LEDGER_HEAD_PATTERN } from '../../application/accept-store/ledger-head.js';

@Named('StoreAcceptanceProof', 'The administrator’s own signature, which a genesis asks for')
export class AcceptanceProofDto {
  @OneOfField(['jws']) readonly type: 'jws';
  @TextField(1, 20_000, { description: 'Compact JWS (RFC 7515) over the RFC 8785 JSON of head and type, which is `countersign/older-store/v1`' }) readonly jws: string;
}

@Named('StoreAcceptanceRequest')
export class AcceptStoreDto {
  @PatternField(LEDGER_HEAD_PATTERN, 'must be the head of the ledger as /readyz and `countersign ledger` show it', { description: 'The head of the signers’ ledger, as `/readyz` and `countersign ledger` show it' })
  readonly head: string;
  @TextField(1, 2000) readonly comment: string;
  @ObjectField(AcceptanceProofDto, { optional: true }) readonly proof?: AcceptanceProofDto;
}

@Named('StoreAcceptance', 'What administrators said of the present store beside a ledger that remembers more')
export class StoreAcceptanceBody implements StoreAcceptanceView {
  @Member(TEXT) readonly head: string;
  @Member({ type: 'string', description: 'Id of the present event store' }) readonly storeId: string;
  @Member({ type: 'boolean', description: 'Two different administrators named this head for this store' }) readonly accepted: boolean;
  @Member(listOf(ref(ActorBody), { description: 'Who named it, in their order' })) readonly by: readonly ActorBody[];
}
