import type { ControlPlaneState } from '#administration/contract.js';
import type { KeyList } from '#keys/application/ports/key-list.port.js';
import type { ControlPlane } from '#operations/contract.js';
import { optionsOf } from '#policies/contract.js';
import type { PolicySource } from '#policies/contract.js';
import type { Config } from '#platform/config/config.js';
import { NOT_PINNED } from '#platform/http/ports/readiness-warnings.port.js';
import type { ReadinessWarning, ReadinessWarnings } from '#platform/http/ports/readiness-warnings.port.js';

/** `/readyz` is for everybody: it does not cause reads of all keys as often as it is asked. */
const KEYS_AGAIN_MS = 10_000;
const PAGE = 200;

export interface WarningParts {
  readonly config: Pick<Config, 'administration' | 'genesis'>;
  /** Whether signer and api are one process. */
  readonly isOneProcess: boolean;
  readonly plane: () => Pick<ControlPlaneState, 'genesis' | 'quorum'>;
  readonly controlPlane: Pick<ControlPlane, 'known'>;
  readonly keys: KeyList;
  readonly monotonic: () => number;
  /** Told which keys take unproven orders when they are others than before: their names are not for everybody. */
  readonly found: (keyIds: readonly string[]) => void;
}

/** What is not promised (rules 20 and 22), as the deployment is set up now. */
export function warningsOfApi({ config, isOneProcess, plane, controlPlane, keys, monotonic, found }: WarningParts): ReadinessWarnings {
  let told = '';
  const tell = (keyIds: readonly string[]): readonly string[] => {
    if (keyIds.join() !== told) found(keyIds);
    told = keyIds.join();
    return keyIds;
  };
  let unproven: { readonly at: number; readonly keyIds: Promise<readonly string[]> } | undefined;
  const unprovenKeys = (): Promise<readonly string[]> => {
    const at = monotonic();
    if (unproven === undefined || at - unproven.at >= KEYS_AGAIN_MS) {
      const keyIds = keysOfUnprovenOrders(keys, controlPlane).then(tell);
      unproven = { at, keyIds };
      keyIds.catch(() => (unproven = undefined));
    }
    return unproven.keyIds;
  };
  return {
    async now() {
      const { genesis, quorum } = plane();
      return [
        ...genesisWarnings(genesis !== null, config.genesis.digest !== null, isOneProcess),
        ...((quorum ?? config.administration.quorum) > 1 ? [] : [QUORUM_OF_ONE]),
        ...(isOneProcess ? [ONE_PROCESS] : []),
        ...unprovenWarnings(await unprovenKeys().catch(() => [])),
      ];
    },
  };
}

const QUORUM_OF_ONE: ReadinessWarning = { code: 'QUORUM_OF_ONE', detail: 'one administrator alone changes keys, policies and people' };
const ONE_PROCESS: ReadinessWarning = { code: 'ONE_PROCESS', detail: 'api and signer are one process: whoever breaks into the api can reach the token' };

function genesisWarnings(isLaid: boolean, isPinned: boolean, isSignerHere: boolean): readonly ReadinessWarning[] {
  if (!isLaid) return [{ code: 'NO_GENESIS', detail: 'no genesis was laid: whoever writes the event store can change keys, policies and people' }];
  return isSignerHere && !isPinned ? [NOT_PINNED] : [];
}

const unprovenWarnings = (keyIds: readonly string[]): readonly ReadinessWarning[] =>
  keyIds.length === 0 ? [] : [{ code: 'UNPROVEN_ORDERS', detail: `orders of ${keyIds.length === 1 ? 'one key' : `${keyIds.length} keys`} need no proof of their orderer, though approvals are signed: whoever breaks into the api chooses what is signed` }];

async function keysOfUnprovenOrders(keys: KeyList, controlPlane: WarningParts['controlPlane']): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<KeyList['list']>> = await keys.list({ limit: PAGE, cursor });
    for (const { keyId, approvalPolicy } of page.items) if (takesUnprovenOrders(approvalPolicy, controlPlane)) found.push(keyId);
    cursor = page.nextCursor ?? null;
  } while (cursor !== null);
  return found;
}

/** Rule 20: proofs are asked for, and nothing binds an order to who is allowed to place it. */
function takesUnprovenOrders(source: PolicySource, controlPlane: WarningParts['controlPlane']): boolean {
  try {
    const options = controlPlane.known().resolve(source).map(({ policy }) => optionsOf(policy));
    const asking = options.filter(({ requiredProof }) => requiredProof !== 'token');
    return asking.length > 0 && asking.every((one) => one.allowUnprovenOrders) && !options.some((one) => one.requireBinding);
  } catch {
    // What can't be resolved signs nothing.
    return false;
  }
}
