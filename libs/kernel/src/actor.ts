/** Who caused an event. People and machines by (issuer, subject); our own processes under the issuer `SYSTEM_ISSUER`. */
export interface Actor {
  readonly issuer: string;
  readonly subject: string;
}
export const SYSTEM_ISSUER = 'urn:countersign:system';
export const systemActor = (subject: string): Actor => ({ issuer: SYSTEM_ISSUER, subject });
export const sameActor = (a: Actor, b: Actor): boolean => a.issuer === b.issuer && a.subject === b.subject;
