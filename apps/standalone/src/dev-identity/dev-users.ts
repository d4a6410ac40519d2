import type { Role } from '#identity/contract.js';

export interface DevUser {
  /** Its name at the login, and the subject of its tokens. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly groups: readonly string[];
}

const user = (id: string, name: string, role: Role, ...groups: string[]): DevUser => ({ id, name, roles: [role], groups });

/** Who can sign in to a development instance, without a password. */
export const DEV_USERS: readonly DevUser[] = [
  user('orderer1', 'Olga Brandt', 'orderer'),
  user('orderer2', 'Omar Haddad', 'orderer'),
  user('approver1', 'Ana Ferreira', 'approver', 'firmware-approvers'),
  user('approver2', 'Anton Lindqvist', 'approver', 'firmware-approvers'),
  user('approver3', 'Aiko Tanaka', 'approver', 'firmware-approvers'),
  user('admin1', 'Maria Keller', 'administrator'),
  user('admin2', 'Marc Dubois', 'administrator'),
  user('admin3', 'Mei Chen', 'administrator'),
  user('auditor1', 'Ines Novak', 'auditor'),
];

export const devUser = (id: string): DevUser | undefined => DEV_USERS.find((u) => u.id === id);
