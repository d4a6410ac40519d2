// Stored in events of keys and operations: members are added, never changed.

/** Nobody is asked. */
export interface NoneNode {
  readonly type: 'none';
}
/** `count` different people, each with `role` and, unless it is null, in `group`. */
export interface ApproversNode {
  readonly type: 'approvers';
  /** 1 to MAX_COUNT. */
  readonly count: number;
  readonly group: string | null;
  readonly role: string;
}
export interface AllOfNode {
  readonly type: 'allOf';
  readonly of: readonly PolicyNode[];
}
export interface AnyOfNode {
  readonly type: 'anyOf';
  readonly of: readonly PolicyNode[];
}
/** Children whose weights add up to at least `k`. */
export interface ThresholdNode {
  readonly type: 'threshold';
  readonly k: number;
  readonly of: readonly PolicyNode[];
  /** One for each child; null: each is worth 1. */
  readonly weights: readonly number[] | null;
}
/** Met as `allOf`; a step opens when all earlier ones are met. */
export interface SequenceNode {
  readonly type: 'sequence';
  readonly of: readonly PolicyNode[];
}
/** A tree of approvals. It is met when its slots are filled by different people. */
export type PolicyNode = NoneNode | ApproversNode | AllOfNode | AnyOfNode | ThresholdNode | SequenceNode;

/** The children of a node, none for a leaf. */
export const childrenOf = (node: PolicyNode): readonly PolicyNode[] => ('of' in node ? node.of : []);

/** What each child of a threshold is worth. */
export const weightsOf = (node: ThresholdNode): readonly number[] => node.weights ?? node.of.map(() => 1);
