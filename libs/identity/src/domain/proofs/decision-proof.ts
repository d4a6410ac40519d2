/** AuthenticationResponseJSON of WebAuthn Level 3, 5.1.8, as far as it is read here. Binary members are base64url without padding. */
export interface AuthenticationResponseJSON {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly response: {
    readonly clientDataJSON: string;
    readonly authenticatorData: string;
    readonly signature: string;
    readonly userHandle?: string;
  };
}

/** How an approver proves a decision: the body's `proof`, as the contract has it. */
export type DecisionProof =
  | { readonly type: 'jws'; readonly challengeId: string; readonly jws: string }
  | { readonly type: 'webauthn'; readonly challengeId: string; readonly response: AuthenticationResponseJSON };

/**
 * Why a proof does not prove. `CHALLENGE_MISMATCH`: it is over another statement, told before its signature is looked at. `PROOF_INVALID`: anything else.
 * `detail` is one sentence for people; it repeats nothing of the proof.
 */
export interface ProofFault {
  readonly code: 'PROOF_INVALID' | 'CHALLENGE_MISMATCH';
  readonly detail: string;
}

/** For whom an authenticator signs: WebAuthn's RP ID, and the origin of the pages that ask, as in https://countersign.example. */
export interface RelyingParty {
  readonly rpId: string;
  readonly origin: string;
}
