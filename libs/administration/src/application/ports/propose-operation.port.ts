import type { CommandMeta } from '#eventing/command-meta.js';
import type { Actor } from '#kernel/actor.js';
import type { Principal } from '#identity/contract.js';
import type { Act } from '../../domain/control-plane/act.js';

/** An act as it is proposed: with what its proposer signed, so that the approvers sign over that too. */
export interface ProposedAct extends Act {
  readonly proof: string | null;
}

export interface ActProposal {
  readonly action: string;
  readonly resource: string;
  readonly act: ProposedAct;
  readonly description: string;
  readonly validMs: number;
  /** Administrators who must approve, `excluding` and who proposes never among them. */
  readonly approvers: { readonly count: number; readonly excluding: Actor | null; /** Each signs; where no genesis was laid a token is enough. */ readonly signed: boolean };
}

/** Where acts go that need the approval of others. */
export interface ProposeOperation {
  /** Idempotent by `meta`: the same command has the same operation. @throws DomainError IDEMPOTENCY_KEY_REUSED */
  propose(meta: CommandMeta, caller: Principal, proposal: ActProposal): Promise<{ readonly operationId: string }>;
  /** Whether this command has proposed before; only commands with an Idempotency-Key can have. */
  hasProposed(meta: CommandMeta): Promise<boolean>;
}
