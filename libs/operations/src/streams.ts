/** The stream of an operation. */
export const operationStream = (operationId: string): string => `operation-${operationId}`;
export const OPERATION_PREFIX = 'operation-';
