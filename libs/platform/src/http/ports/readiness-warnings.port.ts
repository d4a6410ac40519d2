/** Injection token of the `ReadinessWarnings` of this process. */
export const READINESS_WARNINGS = Symbol('ReadinessWarnings');

export const WARNING_CODES = ['NO_GENESIS', 'QUORUM_OF_ONE', 'ONE_PROCESS', 'UNPROVEN_ORDERS', 'CONTROL_PLANE_BROKEN', 'ACTS_UNCOUNTED'] as const;

/** A promise that is not given as this deployment is set up. It does its work nevertheless. */
export interface ReadinessWarning {
  readonly code: (typeof WARNING_CODES)[number];
  /** Fit for anybody's eyes. */
  readonly detail: string;
}

export interface ReadinessWarnings {
  now(): Promise<readonly ReadinessWarning[]>;
}

/** Of a signer: of the control plane it believes what its own configuration pins. */
export const NOT_PINNED: ReadinessWarning = { code: 'NO_GENESIS', detail: 'the signer’s configuration pins no genesis.digest: it believes whatever control plane the event store has' };
