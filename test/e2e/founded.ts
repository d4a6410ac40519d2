import type { KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { genesisDigest } from '#administration/contract.js';
import type { Actor } from '#kernel/actor.js';
import type { OperationView } from '#operations/application/operation-view.js';
import { newKeyPair } from '#test/fixtures/key-pair.js';
import type { Claims } from '#test/system/issuer.js';
import { Service } from '#test/system/service.js';
import type { ServiceOptions, Settings } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';
import { Signatory } from './approver.js';
import type { Approving, Proposed } from './approver.js';
import { expected } from './person.js';
import type { Answer } from './person.js';
import { NONE, Scene } from './scene.js';

export interface Founding {
  /** `admin-1` to `admin-4` unless told: for a quorum of two, with one to spare. */
  readonly administrators?: readonly string[];
  /** Who else has a credential of the genesis. */
  readonly others?: readonly string[];
  /** Subjects by group. */
  readonly rosters?: Readonly<Record<string, readonly string[]>>;
  /** Beside the evidence key: policies by keyId, of purpose firmware. */
  readonly keys?: Readonly<Record<string, unknown>>;
  /** Laid over the document. @param account of the service's issuer */
  readonly over?: (account: (subject: string) => Actor, service: Service) => Settings;
}
export interface Starting {
  readonly options?: ServiceOptions;
  /** Laid over the configuration, for who must know the service first. */
  readonly config?: (service: Service) => Settings;
}
export interface ControlPlane {
  readonly head: string;
  readonly revision: number;
  readonly quorum: number;
}

/** A genesis, and what nobody but its people knows. */
export interface Genesis {
  readonly file: string;
  readonly digest: string;
  readonly keys: number;
  readonly privateKeys: ReadonlyMap<string, KeyObject>;
}

/** Written into the service's folder. @param name of the file */
export function writeGenesis(service: Service, { administrators = ['admin-1', 'admin-2', 'admin-3', 'admin-4'], others = [], rosters = {}, keys = {}, over = () => ({}) }: Founding, name = 'genesis'): Genesis {
  const pairs = new Map([...administrators, ...others].map((subject) => [subject, newKeyPair('ES256')]));
  const { base, dir, issuer } = service;
  const account = (subject: string): Actor => ({ issuer: issuer.url, subject });
  const document = {
    type: 'countersign/genesis/v1', deployment: 'founded', createdAt: '2026-11-20T10:00:00.000Z', rpId: '127.0.0.1', origin: base, minimumProof: 'signature', quorum: 2, administrators: administrators.map(account),
    credentials: [...pairs].map(([subject, { publicJwk }]) => ({ credentialId: credentialOf(subject), owner: account(subject), label: subject, key: { type: 'jwk', publicJwk } })),
    people: [], rosters: Object.entries(rosters).map(([group, members]) => ({ group, members: members.map(account) })), policies: [], levels: [], separation: { exclusive: [], mutualWithinDays: 0 },
    issuers: [{ issuer: issuer.url, audience: 'countersign', jwksUri: `${issuer.url}/jwks` }],
    keys: [{ keyId: 'evidence', purpose: 'evidence', algorithm: 'ES256', approvalPolicy: NONE }, ...Object.entries(keys).map(([keyId, approvalPolicy]) => ({ keyId, purpose: 'firmware', algorithm: 'ES256', approvalPolicy }))],
    ...over(account, service),
  };
  const file = join(dir, `${name}.json`);
  writeFileSync(file, JSON.stringify(document));
  return { file, digest: genesisDigest(document), keys: document.keys.length, privateKeys: new Map([...pairs].map(([subject, { privateKey }]) => [subject, privateKey])) };
}

/** A running service under a pinned genesis, and people whose keys stand in it. */
export class Founded {
  private constructor(readonly scene: Scene, private readonly genesis: Genesis) {}

  static async open({ options = {}, config = () => ({}), ...founding }: Founding & Starting = {}): Promise<Founded> {
    const service = await Service.create(options);
    const genesis = writeGenesis(service, founding);
    service.configure({ genesis: { file: genesis.file, digest: genesis.digest }, identity: { issuers: [] }, ...config(service) });
    try {
      await service.up();
      return await Founded.of(await Scene.of(service), genesis);
    } catch (error) {
      await service.close();
      throw error;
    }
  }
  /** Ready when the signer has made and bound every key. */
  static async of(scene: Scene, genesis: Genesis): Promise<Founded> {
    const founded = new Founded(scene, genesis);
    await eventually(founded.controlPlane, ({ revision }) => revision >= genesis.keys, 20_000);
    return founded;
  }
  get digest(): string {
    return this.genesis.digest;
  }
  close = (): Promise<void> => this.scene.close();

  /** Somebody of the genesis. */
  signatory(subject: string, roles: readonly string[], claims: Claims = {}): Signatory {
    const privateKey = this.genesis.privateKeys.get(subject);
    if (privateKey === undefined) throw new Error(`the genesis names no ${subject}`);
    return new Signatory(this.scene.as(subject, roles, claims), credentialOf(subject), privateKey);
  }
  administrator = (subject: string): Signatory => this.signatory(subject, ['administrator']);
  approver = (subject: string, groups: readonly string[] = ['firmware-approvers']): Signatory => this.signatory(subject, ['approver'], { groups });
  account = (subject: string): Actor => ({ issuer: this.scene.service.issuer.url, subject });

  controlPlane = async (): Promise<ControlPlane> => expected(await this.scene.admin.get<ControlPlane>('/v1/control-plane'), 200);
  inForce = (answer: Answer<unknown>, ...by: readonly Approving[]): Promise<OperationView> => inForce(this.scene, answer, ...by);
}

const credentialOf = (subject: string): string => `${subject}-key`;

/** Approved by these, and in force: the control plane has its act. @returns the operation as it was asked for */
export async function inForce(scene: Scene, answer: Answer<unknown>, ...by: readonly Approving[]): Promise<OperationView> {
  const head = async (): Promise<string | null> => expected(await scene.admin.get<{ readonly head: string | null }>('/v1/control-plane'), 200).head;
  const before = await head();
  const operation = expected(await scene.admin.reads(expected(answer as Answer<Proposed>, 202)), 200);
  for (const one of by) expected(await one.approves(operation), 201);
  await eventually(head, (now) => now !== before);
  return operation;
}
