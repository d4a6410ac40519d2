/** The stream of a deployment's control plane: one chain of acts (rule 22). */
export const controlPlaneStream = (deployment: string): string => `controlPlane-${deployment}`;
export const CONTROL_PLANE_PREFIX = 'controlPlane-';
