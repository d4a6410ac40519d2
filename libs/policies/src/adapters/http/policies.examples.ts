import type { Analysis } from '../../domain/analyse.js';

const approvalPolicy = {
  type: 'allOf',
  of: [{ type: 'approvers', count: 2, group: 'firmware-approvers' }, { type: 'anyOf', of: [{ type: 'approvers', count: 1, group: 'quality' }, { type: 'approvers', count: 1, group: 'security' }] }],
};
const roles = ['approver'];

export const ANALYSES = {
  'two of a group, and one of two others': {
    approvalPolicy,
    people: [{ id: 'ada', groups: ['firmware-approvers', 'quality'], roles }, { id: 'ben', groups: ['firmware-approvers'], roles }, { id: 'cleo', groups: ['quality'], roles }, { id: 'dan', groups: ['firmware-approvers'], roles }],
    requester: 'dan',
  },
  'a published policy': { approvalPolicy: { ref: 'two-of-firmware', version: 3 }, people: [{ id: 'ada', groups: ['firmware-approvers'], roles }], excluded: ['ada'] },
};

export const SATISFIABLE: Analysis = {
  satisfiable: true, smallestSize: 3, smallestSet: ['ada', 'ben', 'cleo'], sufficientAlone: [], groupsSufficientAlone: [], indispensable: ['ada', 'ben', 'cleo'], exact: true,
};
export const UNSATISFIABLE: Analysis = { satisfiable: false, smallestSize: null, smallestSet: null, sufficientAlone: [], groupsSufficientAlone: [], indispensable: [], exact: true };
