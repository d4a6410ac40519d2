import { LruMap } from './lru-map.js';

/** Streams of which it is known how they are written; of another one it is as if it were quiet. */
const REMEMBERED = 5_000;
/** For so long after the last sign of another writer room is left for him, ms. */
const RIVAL_MS = 1_000;
/** Who has written without a break for so long makes one, ms: a writer that loses each race makes no sign by which he could be noticed. */
const BREATH_MS = 100;
/** The same, while another writer was seen lately. */
const RIVAL_BREATH_MS = 30;
/** Or for so many turns, where those are long. */
const BREATH_TURNS = 5;
/** Of a gap and of a pause, ms: however slow the store is. */
const MAX_GAP_MS = 100;
/** How many turns a gap spans at most: more with each conflict, fewer with each append that met none. */
const SPREAD = { least: 1, most: 8, conflict: 1, success: 0.85 };
/** How many turns a pause after conflicts spans at most. */
const PAUSE_TURNS = 4;
/** Of how many of our appends we keep in mind whether they met a rival. */
const SMOOTHED = 8;
/** Met by so many of our appends, a rival is looked for before each. */
const OFTEN = 0.25;
const FIRST_TURN_MS = 2;

interface Turn {
  /** The revision that we wrote or saw last. */
  known: number;
  /** When our last append was answered. */
  endedAt: number;
  /** Since when we have written without a break. */
  busySince: number;
  rivalsUntil: number;
  /** Another writer was met since our last append. */
  met: boolean;
  /** The share of our appends that met one, smoothed. */
  rivalry: number;
  spread: number;
  /** What one turn takes, smoothed: deciding and appending. */
  turnMs: number;
}

/**
 * Who writes one stream beside us, and how much room he is left. Writers in several processes that append without a break only find conflicts;
 * so, after an append of ours, we wait a random few turns when another writer was seen lately, and what waits meanwhile is appended together.
 * Nothing is agreed upon: each process looks at its own conflicts, and at events that it did not write.
 */
export class StreamTurns {
  private readonly turns = new LruMap<string, Turn>(REMEMBERED);

  /** @param now ms of a clock that never goes back @param random in [0, 1) */
  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly random: () => number = Math.random,
  ) {}

  /** How long the next append has to wait, ms; mostly 0 while others write seldom, and always while nobody else is there. */
  gap(stream: string): number {
    const turn = this.turns.get(stream);
    if (turn === undefined) return 0;
    const now = this.now();
    const rivals = now < turn.rivalsUntil;
    const busyMs = turn.endedAt - turn.busySince;
    // Who writes seldom is left a gap seldom: twice as often as he comes.
    const breathMs = Math.max(rivals ? RIVAL_BREATH_MS : BREATH_MS, BREATH_TURNS * turn.turnMs);
    if (busyMs < breathMs && !(rivals && this.random() < 2 * turn.rivalry)) return 0;
    const least = Math.min(turn.turnMs, MAX_GAP_MS / 2);
    const most = Math.min(MAX_GAP_MS, turn.turnMs * (1 + (rivals ? turn.spread : SPREAD.least)));
    return Math.max(0, turn.endedAt + least + this.random() * (most - least) - now);
  }

  /** Whether another writer comes often: what is known here is most likely behind, and a look costs less than a conflict. */
  contended(stream: string): boolean {
    const turn = this.turns.get(stream);
    return turn !== undefined && turn.rivalry >= OFTEN && this.now() < turn.rivalsUntil;
  }

  /** The stream as it is about to be decided upon: beyond what we wrote or saw, somebody else wrote. */
  seen(stream: string, revision: number): void {
    const turn = this.turns.get(stream);
    if (turn === undefined || revision <= turn.known) return;
    turn.known = revision;
    this.meet(turn);
  }

  /** @param tookMs from the state that was decided upon to the answer */
  appended(stream: string, revision: number, tookMs: number): void {
    const now = this.now();
    const turn = this.of(stream, revision);
    // A break that a rival could have used: the last append was answered long before this one began.
    if (now - tookMs - turn.endedAt >= turn.turnMs / 2) turn.busySince = now - tookMs;
    turn.known = Math.max(turn.known, revision);
    turn.endedAt = now;
    turn.turnMs += (tookMs - turn.turnMs) / SMOOTHED;
    turn.rivalry += ((turn.met ? 1 : 0) - turn.rivalry) / SMOOTHED;
    turn.met = false;
    turn.spread = Math.max(SPREAD.least, turn.spread * SPREAD.success);
  }

  /** Another one was there first. */
  conflict(stream: string): void {
    const turn = this.of(stream, -1);
    this.meet(turn);
    turn.spread = Math.min(SPREAD.most, turn.spread + SPREAD.conflict);
  }

  /**
   * How long to wait after so many conflicts in a row, ms: not at all after the first, when the winner is leaving his gap;
   * then at random, so that those who lost together do not meet again, but never longer than winners wait.
   */
  pauseAfter(stream: string, conflicts: number): number {
    const turnMs = this.turns.get(stream)?.turnMs ?? FIRST_TURN_MS;
    return conflicts <= 1 ? 0 : this.random() * Math.min(MAX_GAP_MS, turnMs * Math.min(PAUSE_TURNS, conflicts - 1));
  }

  private meet(turn: Turn): void {
    turn.met = true;
    turn.rivalsUntil = this.now() + RIVAL_MS;
  }

  private of(stream: string, known: number): Turn {
    const there = this.turns.get(stream);
    if (there !== undefined) return there;
    const now = this.now();
    const turn: Turn = { known, endedAt: Number.NEGATIVE_INFINITY, busySince: now, rivalsUntil: Number.NEGATIVE_INFINITY, met: false, rivalry: 0, spread: SPREAD.least, turnMs: FIRST_TURN_MS };
    this.turns.set(stream, turn);
    return turn;
  }
}
