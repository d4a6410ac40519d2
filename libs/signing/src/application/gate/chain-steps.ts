import type { RecordedEvent } from '#eventing/event-store.port.js';
import { LruMap } from '#eventing/lru-map.js';
import { chainDigest, evolveControlPlane, UNVERIFIED, verifyNext } from '#administration/contract.js';
import type { ControlPlaneEvent, VerifiedChain } from '#administration/contract.js';
import type { ProofVerifier } from '#identity/contract.js';
import type { Instant } from '#kernel/clock.js';
import type { Ledger } from '../ports/ledger.port.js';
import { takenBackBefore } from './taken-back.js';
import type { TakenBackParts } from './taken-back.js';

/** Topics of notes in the signers' ledger, named for ever. */
const ACT = 'act';
const GENESIS = 'genesis';
const FIRST_READING = 'chain-first-reading';

/** Notes of acts are never changed: so many are asked for once. */
const KEPT = 50_000;

/** A chain as far as it was verified, and why it is not from there on. */
export interface Verified {
  readonly chain: VerifiedChain;
  readonly fault: string | undefined;
  /** Digest of the genesis that it is verified back to; undefined: it has none. */
  readonly genesis: string | undefined;
  /** Some of it was read by a clock that is not trusted, and nobody noted when: to be read again. */
  readonly unnoted: boolean;
}
export const BEGINNING: Verified = { chain: UNVERIFIED, fault: undefined, genesis: undefined, unnoted: false };

export interface ChainStepsOptions extends TakenBackParts {
  readonly deployment: string;
  /** Of the genesis, as the signer's configuration pins it, lower-case hex; null: it pins none, and what stands there at the first reading is taken. */
  readonly pinned: string | null;
  readonly verifier: ProofVerifier;
  readonly ledger: Pick<Ledger, 'note' | 'noteOnce'>;
  /** The wall clock; undefined: it is not trusted (rule 14). */
  readonly now: () => Instant | undefined;
}

/** Verifies a control plane one event at a time, with what the signers' ledger remembers of it (rule 22). */
export class ChainSteps {
  /** Up to this revision the chain stood there when signers first read it. */
  private readBefore = -1;
  private readonly noted = new LruMap<string, string>(KEPT);

  constructor(private readonly options: ChainStepsOptions) {}

  /** To be called before the first event is verified. @param revision of the last one, as the leader has it; -1: there is none @throws LedgerUnavailableError */
  async begin(revision: number): Promise<void> {
    this.readBefore = Number(await this.options.ledger.noteOnce(FIRST_READING, this.options.deployment, String(revision)));
  }

  /** The chain with one more event. @throws LedgerUnavailableError */
  async next(before: Verified, event: RecordedEvent): Promise<Verified> {
    const genesis = event.revision === 0 ? await this.genesisOf(event) : before.genesis;
    if (genesis === undefined) return linked(before, event);
    const seen = event.revision <= this.readBefore ? undefined : await this.firstSight(event);
    const unnoted = before.unnoted || (seen === undefined && event.revision > this.readBefore);
    const { deployment, verifier } = this.options;
    const chain = await verifyNext(before.chain, event, { digest: genesis, deployment, verifier, firstSeenAt: () => seen?.at, takenBack: () => seen?.takenBack });
    const [fault] = chain.faults;
    return { chain, genesis, unnoted, fault: fault === undefined ? undefined : broken(fault.revision, fault.code, fault.detail) };
  }

  /** Whether what was read without being noted can be noted now. */
  canNote({ unnoted }: Verified): boolean {
    return unnoted && this.options.now() !== undefined;
  }

  /** Why a chain without any event is broken. */
  missing({ chain }: Verified): string | undefined {
    return chain.revision < 0 && this.options.pinned !== null ? 'GENESIS_MISSING: the control plane has no event, and the configuration pins a genesis' : undefined;
  }

  /** Why whoever writes the store could make a control plane of his own; undefined: he could not. */
  unpinned(verified: Verified | undefined): string | undefined {
    if (this.options.pinned !== null) return undefined;
    return verified?.genesis === undefined
      ? 'no genesis: whoever may write the event store can change who approves what'
      : 'no genesis is pinned in the configuration of the signer (genesis.digest): the control plane that it saw first is believed';
  }

  /** The pinned one. Where none is pinned, and one stands there, the first that any signer saw: it can't become another one unseen. */
  private async genesisOf({ type, data }: RecordedEvent): Promise<string | undefined> {
    const { pinned, ledger, deployment } = this.options;
    if (pinned !== null) return pinned;
    const told = type === 'administration.genesis-laid.v1' && typeof data === 'object' && data !== null && 'digest' in data && typeof data.digest === 'string' ? data.digest : undefined;
    const first = told === undefined || told === '' || told.length > 64 ? await ledger.note(GENESIS, deployment) : await ledger.noteOnce(GENESIS, deployment, told);
    return first;
  }

  /**
   * When a signer saw this event first, and why what it rests on was taken back by then. The first word of all signers is for ever: what comes later changes nothing about an act that
   * was done. What stood there when signers first read the chain is taken at its own time, since nobody was there to see it. Undefined: nobody has, and the clock tells no time.
   */
  private async firstSight(event: RecordedEvent): Promise<FirstSight | undefined> {
    const key = `${event.revision} ${digestOf(event)}`;
    const noted = this.noted.get(key) ?? (await this.options.ledger.note(ACT, key)) ?? (await this.noteFirst(key, event));
    if (noted === undefined) return undefined;
    this.noted.set(key, noted);
    const [at = '', ...why] = noted.split(' ');
    return { at, takenBack: why.length === 0 ? undefined : why.join(' ') };
  }

  private async noteFirst(key: string, event: RecordedEvent): Promise<string | undefined> {
    const at = this.options.now();
    return at === undefined ? undefined : this.options.ledger.noteOnce(ACT, key, notedAs({ at, takenBack: await takenBackBefore(event, this.options) }));
  }
}

interface FirstSight {
  readonly at: Instant;
  /** Fit for people. */
  readonly takenBack: string | undefined;
}

/** A storage format. */
const notedAs = ({ at, takenBack }: FirstSight): string => (takenBack === undefined ? at : `${at} ${takenBack}`);

/** A hostile event may have no canonical form: it is refused where it is verified. */
function digestOf(event: RecordedEvent): string {
  try {
    return chainDigest(event);
  } catch {
    return 'none';
  }
}

const broken = (revision: number, code: string, detail: string): string => `${code} at revision ${revision}: ${detail}`;

/** Without a genesis nobody's proof is in it: events follow each other, and that is all. */
function linked(before: Verified, event: RecordedEvent): Verified {
  const { chain } = before;
  const fault = (code: string, detail: string): Verified => ({ ...before, fault: broken(event.revision, code, detail) });
  if (event.revision !== chain.revision + 1) return fault('GAP', `it follows revision ${chain.revision}`);
  try {
    const previous = typeof event.data === 'object' && event.data !== null && 'previous' in event.data ? event.data.previous : undefined;
    if (previous !== chain.head) return fault('LINK_BROKEN', 'it names another event before it');
    const state = evolveControlPlane(chain.state, { type: event.type, data: event.data } as ControlPlaneEvent);
    return { ...before, chain: { ...chain, state, since: state.at, head: chainDigest(event), revision: event.revision } };
  } catch {
    return fault('EVENT_UNREADABLE', 'it can not be read');
  }
}
