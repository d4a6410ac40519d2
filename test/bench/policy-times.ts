import { analysePolicy, evaluatePolicy, MAX_NODES } from '#policies/contract.js';
import type { PolicyNode, PolicyPrincipal } from '#policies/contract.js';
import { atMost, figure } from './bench-report.js';
import type { Row } from './bench-report.js';

const TREES = 100;
const ROUNDS = 5;
const AIM = { quorumMs: 1, analysisMs: 1_000 } as const;

/** The same numbers in every run (mulberry32). */
class Dice {
  constructor(private state: number) {}
  below(n: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  }
}

interface Size {
  readonly levels: number;
  readonly groups: number;
  readonly people: number;
  readonly groupsEach: number;
}

function treeOf(dice: Dice, levels: number, groups: number, room: { nodes: number }): PolicyNode {
  room.nodes -= 1;
  if (levels <= 1 || room.nodes < 2) return { type: 'approvers', count: 1 + dice.below(2), group: dice.below(12) === 0 ? null : `g${dice.below(groups)}`, role: 'approver' };
  const of: PolicyNode[] = [];
  for (let n = 2 + dice.below(5); n > 0 && room.nodes > 0; n--) of.push(treeOf(dice, levels - 1, groups, room));
  const type = (['allOf', 'anyOf', 'threshold', 'threshold', 'sequence'] as const)[dice.below(5)];
  if (type !== undefined && type !== 'threshold') return { type, of };
  const weights = dice.below(2) === 0 ? null : of.map(() => 1 + dice.below(4));
  return { type: 'threshold', of, weights, k: 1 + dice.below(weights?.reduce((a, b) => a + b, 0) ?? of.length) };
}
const nodesIn = (node: PolicyNode): number => ('of' in node ? node.of.reduce((sum, child) => sum + nodesIn(child), 1) : 1);

/** Milliseconds for each of many random trees of about the largest size, the best of some rounds, ascending. */
function timesOf({ levels, groups, people, groupsEach }: Size, judge: (tree: PolicyNode, people: readonly PolicyPrincipal[]) => unknown): readonly number[] {
  const dice = new Dice(1);
  const times: number[] = [];
  while (times.length < TREES) {
    const tree = treeOf(dice, levels, groups, { nodes: MAX_NODES });
    if (nodesIn(tree) < MAX_NODES / 2) continue;
    const crowd = Array.from({ length: people }, (_, i): PolicyPrincipal => ({ issuer: 'i', subject: `p${i}`, roles: ['approver'], groups: Array.from({ length: 1 + dice.below(groupsEach) }, () => `g${dice.below(groups)}`) }));
    const rounds = Array.from({ length: ROUNDS }, () => {
      const began = performance.now();
      judge(tree, crowd);
      return performance.now() - began;
    });
    times.push(Math.min(...rounds));
  }
  return times.sort((a, b) => a - b);
}
const quantile = (times: readonly number[], q: number): number => times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? NaN;

/** Trees of 32 to 64 nodes: judging 10 approvals, and analysing 50 and 200 people. */
export function policyTimes(): readonly Row[] {
  const quorum = timesOf({ levels: 4, groups: 8, people: 10, groupsEach: 3 }, evaluatePolicy);
  const analysed = (people: number, groups: number): readonly number[] =>
    timesOf({ levels: 4, groups, people, groupsEach: 3 }, (tree, crowd) => analysePolicy(tree, { people: crowd.map(({ subject, groups: of, roles }) => ({ id: subject, groups: of, roles })), requester: 'p0', excluded: [] }));
  const [fifty, twoHundred] = [analysed(50, 10), analysed(200, 30)];
  return [
    atMost('quorum of 10 approvals, tree of 32 to 64 nodes, p50', quantile(quorum, 0.5), 'ms', AIM.quorumMs),
    figure('quorum of 10 approvals, tree of 32 to 64 nodes, p99', quantile(quorum, 0.99), 'ms'),
    atMost('analysis of 50 people, policy of 4 levels, longest', quantile(fifty, 1), 'ms', AIM.analysisMs),
    atMost('analysis of 200 people, policy of 4 levels, longest', quantile(twoHundred, 1), 'ms', AIM.analysisMs),
  ];
}
