/** The stream of a deployment's control plane: one chain of acts (rule 22). */
export const controlPlaneStream = (deployment: string): string => `controlPlane-${deployment}`;
export const CONTROL_PLANE_PREFIX = 'controlPlane-';
/** The stream of what one account has proposed. @param ownerId derived from the account */
export const proposalStream = (ownerId: string): string => `credentialProposals-${ownerId}`;
