import { readActData } from '../../domain/control-plane/read-act.js';

/** The operation that an act says it rests on, with the statements of its approvals, whoever wrote them. Undefined: it names none. */
export function operationOf(data: unknown): { readonly operationId: string; readonly statements: readonly string[] } | undefined {
  const read = readActData(data);
  if ('faults' in read || read.value.authority.type !== 'operation') return undefined;
  const { operationId, decisions } = read.value.authority;
  return { operationId, statements: decisions.flatMap(({ proof }) => (proof === null ? [] : [proof.statement])) };
}
