import { AuditTrailHandler } from '#evidence/application/audit-trail/audit-trail.handler.js';
import { OperationTrailHandler } from '#evidence/application/operation-trail/operation-trail.handler.js';
import { ChangePolicyHandler } from '#keys/application/change-policy/change-policy.handler.js';
import { DisableKeyHandler } from '#keys/application/disable-key/disable-key.handler.js';
import { EnableKeyHandler } from '#keys/application/enable-key/enable-key.handler.js';
import { GetKeyHandler } from '#keys/application/get-key/get-key.handler.js';
import { ListKeysHandler } from '#keys/application/list-keys/list-keys.handler.js';
import { RegisterKeyHandler } from '#keys/application/register-key/register-key.handler.js';
import { ApprovalQueueHandler } from '#operations/application/approval-queue/approval-queue.handler.js';
import { ChallengeDecisionHandler } from '#operations/application/challenge-decision/challenge-decision.handler.js';
import { DecideOperationHandler } from '#operations/application/decide-operation/decide-operation.handler.js';
import { GetOperationHandler } from '#operations/application/get-operation/get-operation.handler.js';
import { ListOperationsHandler } from '#operations/application/list-operations/list-operations.handler.js';
import { OperationReaders } from '#operations/contract.js';
import { RequestOperationHandler } from '#operations/application/request-operation/request-operation.handler.js';
import { ListReviewsHandler } from '#operations/application/list-reviews/list-reviews.handler.js';
import { ReviewOperationHandler } from '#operations/application/review-operation/review-operation.handler.js';
import { ApprovalStandingHandler } from '#operations/application/approval-standing/approval-standing.handler.js';
import { ApproverPairsHandler } from '#operations/application/approver-pairs/approver-pairs.handler.js';
import { SimulatePolicyHandler } from '#operations/application/simulate-policy/simulate-policy.handler.js';
import { RevokeOperationHandler } from '#operations/application/revoke-operation/revoke-operation.handler.js';
import { WithdrawApprovalHandler } from '#operations/application/withdraw-approval/withdraw-approval.handler.js';
import { ConfirmClockHandler } from '#platform/time/confirm-clock/confirm-clock.handler.js';
import { AnalysePolicyHandler } from '#policies/application/analyse-policy/analyse-policy.handler.js';
import { AcceptStoreHandler } from '#signing/application/accept-store/accept-store.handler.js';
import { GetSignOrderHandler } from '#signing/application/get-sign-order/get-sign-order.handler.js';
import { SignOrders } from '#signing/application/get-sign-order/sign-orders.js';
import { ListSignOrdersHandler } from '#signing/application/list-sign-orders/list-sign-orders.handler.js';
import { PlaceSignOrderHandler } from '#signing/application/place-sign-order/place-sign-order.handler.js';
import { ResolveOutcomeHandler } from '#signing/application/resolve-outcome/resolve-outcome.handler.js';

import { KeyGovernance } from '#keys/application/govern-keys/key-governance.js';
import { ListCredentialsHandler } from '#administration/application/list-credentials/list-credentials.handler.js';
import { PerformActHandler } from '#administration/application/perform-act/perform-act.handler.js';
import { ProposeCredentialHandler } from '#administration/application/propose-credential/propose-credential.handler.js';
import { ReadControlPlaneHandler } from '#administration/application/read-control-plane/read-control-plane.handler.js';
import { RegistrationOptionsHandler } from '#administration/application/registration-options/registration-options.handler.js';

/** Every command and query that the api answers. */
export const API_HANDLERS = [
  RegisterKeyHandler, ChangePolicyHandler, DisableKeyHandler, EnableKeyHandler, GetKeyHandler, ListKeysHandler,
  OperationReaders, RequestOperationHandler, ChallengeDecisionHandler, DecideOperationHandler, WithdrawApprovalHandler, RevokeOperationHandler, GetOperationHandler, ListOperationsHandler, ApprovalQueueHandler, ReviewOperationHandler, ListReviewsHandler, SimulatePolicyHandler, ApprovalStandingHandler, ApproverPairsHandler,
  PlaceSignOrderHandler, GetSignOrderHandler, ListSignOrdersHandler, ResolveOutcomeHandler, SignOrders,
  OperationTrailHandler, AuditTrailHandler, AnalysePolicyHandler, ConfirmClockHandler, AcceptStoreHandler,
  KeyGovernance, PerformActHandler, ProposeCredentialHandler, ListCredentialsHandler, ReadControlPlaneHandler, RegistrationOptionsHandler,
];
