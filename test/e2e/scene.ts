import type { KeyBody } from '#keys/adapters/http/key.schema.js';
import type { OperationView } from '#operations/application/operation-view.js';
import type { SignOrderView } from '#signing/application/sign-order-view.js';
import type { TrailItem } from '#evidence/application/trail-item.js';
import { CheckedClient } from '#test/openapi/checked-client.js';
import type { Claims, Issuer } from '#test/system/issuer.js';
import { Service } from '#test/system/service.js';
import type { ServiceOptions, Settings } from '#test/system/service.js';
import { eventually, isFinal } from '#test/system/steps.js';
import { Person, expected } from './person.js';
import type { Answer } from './person.js';

export const NONE = { type: 'none' } as const;
export const ofFirmware = (count: number): { readonly type: 'approvers'; readonly count: number; readonly group: string } => ({ type: 'approvers', count, group: 'firmware-approvers' });

/** A running service with people who talk to it, their requests and its answers held against /openapi.json. */
export class Scene {
  readonly admin = this.as('admin-1', ['administrator']);
  readonly admin2 = this.as('admin-2', ['administrator']);
  readonly orderer = this.as('orderer-1', ['orderer']);
  readonly auditor = this.as('auditor-1', ['auditor']);
  readonly ana = this.approver('ana');
  readonly ben = this.approver('ben');
  readonly cleo = this.approver('cleo');

  private constructor(readonly service: Service, readonly client: CheckedClient) {}

  /** @param configure what is laid over the harness' configuration, for who must know the service first */
  static async open(options: ServiceOptions = {}, configure?: (service: Service) => Settings): Promise<Scene> {
    const service = await Service.create(options);
    if (configure !== undefined) service.configure(configure(service));
    try {
      await service.up();
      return await Scene.of(service);
    } catch (error) {
      await service.close();
      throw error;
    }
  }
  /** Of a service that runs. */
  static of = async (service: Service): Promise<Scene> => new Scene(service, await CheckedClient.of(service.base));
  close = (): Promise<void> => this.service.close();
  /** Who has no token. */
  get nobody(): Person {
    return new Person(this.client, undefined, '', '');
  }

  as(subject: string, roles: readonly string[], claims: Claims = {}, issuer: Issuer = this.service.issuer): Person {
    return this.bearer(issuer.token(subject, roles, claims), issuer, subject);
  }
  approver(subject: string, ...groups: readonly string[]): Person {
    return this.as(subject, ['approver'], { groups: groups.length === 0 ? ['firmware-approvers'] : groups });
  }
  bearer(token: string, issuer: Issuer = this.service.issuer, subject = ''): Person {
    this.service.secrets.add('token', token);
    return new Person(this.client, `Bearer ${token}`, issuer.url, subject);
  }

  async key(keyId: string, algorithm = 'ES256', approvalPolicy: unknown = NONE, more: Readonly<Record<string, unknown>> = {}): Promise<KeyBody> {
    return expected(await this.admin.registers({ keyId, purpose: 'firmware', algorithm, approvalPolicy, ...more }), 201);
  }
  /** An operation over one key that two of `firmware-approvers` have approved. */
  async approved(uses: Readonly<Record<string, number>>, more: Readonly<Record<string, unknown>> = {}): Promise<OperationView> {
    const operation = await this.orderer.operation(uses, more);
    expected(await this.ana.approves(operation), 201);
    return expected(await this.ben.approves(operation), 201);
  }
  /** The order as it ended. @throws Error when it has no end in time */
  async ended(answer: Answer<SignOrderView>, who: Person = this.orderer, withinMs = 20_000): Promise<SignOrderView> {
    const order = expected(answer, 201, 202);
    return isFinal(order) ? order : eventually(async () => expected(await who.readsOrder(order), 200), isFinal, withinMs);
  }

  /** An operation's whole trail once it holds so many events that `wanted` picks. */
  async trail(operation: Pick<OperationView, 'operationId'>, wanted: (items: readonly TrailItem[]) => boolean = () => true): Promise<readonly TrailItem[]> {
    return eventually(async () => expected(await this.auditor.trail(operation), 200).items, wanted, 3_000);
  }
  /**
   * The types of the events that were written while something was done, oldest first. An operation asked for before and after it marks what is of that time.
   * @param keyId of a key without approval
   */
  async writtenWhile(keyId: string, act: () => Promise<void>): Promise<readonly string[]> {
    const first = await this.mark(keyId);
    await act();
    const last = await this.mark(keyId);
    const { items } = expected(await this.auditor.audit('?limit=200'), 200);
    // What tokens tell of people is written down beside the calls, whatever they come to.
    return items.filter((e) => BigInt(e.position) > first.after && BigInt(e.position) < last.before && e.type !== 'identity.groups-seen.v1').map((e) => e.type).reverse();
  }
  private async mark(keyId: string): Promise<{ readonly before: bigint; readonly after: bigint }> {
    const { operationId } = await this.orderer.operation({ [keyId]: 1 });
    const own = await eventually(async () => expected(await this.auditor.audit('?limit=20'), 200).items.filter((e) => e.stream.endsWith(operationId)), (items) => items.length === 2);
    const positions = own.map((e) => BigInt(e.position)).sort((a, b) => (a < b ? -1 : 1));
    return { before: positions[0] ?? 0n, after: positions[1] ?? 0n };
  }
}
