import { Inject, Injectable } from '@nestjs/common';
import { Administration, effectOf } from '#administration/contract.js';
import type { Effect, ProposedAct } from '#administration/contract.js';
import type { CommandMeta } from '#eventing/command-meta.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Principal } from '#identity/contract.js';
import { samePolicy } from '#policies/contract.js';
import type { KeyState } from '../../domain/key/state.js';
import { keyStream } from '../../streams.js';
import { KEY_EXECUTOR } from '../key-executor.js';
import type { KeyExecutor } from '../key-executor.js';

const exists = ({ status }: KeyState): boolean => status !== 'absent' && status !== 'failed';

/** Where a quorum or a genesis asks for more than one administrator, a change of a key is an act of the control plane first, and the key's own stream follows it. */
@Injectable()
export class KeyGovernance {
  constructor(private readonly administration: Administration, @Inject(KEY_EXECUTOR) private readonly keys: KeyExecutor) {}

  /** @returns the operation that the change awaits; undefined: it may be done @throws DomainError as `Administration.act`, KEY_EXISTS, KEY_NOT_FOUND */
  async ask(meta: CommandMeta, caller: Principal, act: ProposedAct): Promise<{ readonly operationId: string } | undefined> {
    if (!(await this.administration.governs())) return undefined;
    const effect = effectOf(act.method, act.path, act.body);
    if ('faults' in effect || (await this.isNothing(meta, effect))) return undefined;
    const outcome = await this.administration.act(meta, caller, act);
    return 'operationId' in outcome ? outcome : undefined;
  }

  /** Whether the key's own stream answers already: what was done before, or would change nothing. */
  private async isNothing(meta: CommandMeta, effect: Effect): Promise<boolean> {
    const keyId = effect.type === 'key-permitted' ? effect.key.keyId : 'keyId' in effect ? effect.keyId : undefined;
    if (keyId === undefined) return false;
    const { state, answers } = await this.keys.states.fresh(keyStream(keyId));
    if (answers.has(meta.commandId)) return true;
    if (effect.type === 'key-permitted' && exists(state)) throw new DomainError('KEY_EXISTS', 'there is a key of this id');
    if (effect.type !== 'key-permitted' && !exists(state)) throw new DomainError('KEY_NOT_FOUND', 'there is no such key');
    if (effect.type === 'key-policy-set') return samePolicy(state.approvalPolicy, effect.policy);
    return effect.type === 'key-enabled' && state.status === 'enabled';
  }
}
