import { startIssuer } from '#test/system/issuer.js';
import type { Issuer } from '#test/system/issuer.js';
import { eventually } from '#test/system/steps.js';
import { expected } from './person.js';
import { Scene, ofFirmware } from './scene.js';

let partner: Issuer;
let scene: Scene;
beforeAll(async () => {
  partner = await startIssuer('partner-audience');
  scene = await Scene.open({}, ({ issuer }) => ({
    identity: {
      issuers: [
        { issuer: issuer.url, audience: 'countersign', jwksUri: `${issuer.url}/jwks`, displayClaims: ['team'] },
        // Its keys are discovered, and everything about its claims is called otherwise.
        { issuer: partner.url, audience: 'partner-audience', rolesClaim: 'realm_access.roles', groupsClaim: 'https://partner.example/groups', nameClaim: 'preferred_username', displayClaims: ['unit'] },
      ],
    },
  }));
  await scene.key('fw', 'ES256', ofFirmware(2));
});
afterAll(async () => {
  await scene.close();
  await partner.close();
});

const ofPartner = (subject: string, roles: readonly string[], more: Readonly<Record<string, unknown>> = {}) =>
  scene.as(subject, ['administrator'], { realm_access: { roles }, 'https://partner.example/groups': 'firmware-approvers others', preferred_username: `P. ${subject}`, unit: 'U1', team: 'not shown', ...more }, partner);

it('reads each issuer’s tokens its own way', async () => {
  const operation = await ofPartner('sam', ['orderer']).operation({ fw: 1 });
  expect(operation.requestedBy).toEqual({ issuer: partner.url, subject: 'sam', name: 'P. sam', claims: { unit: 'U1' } });
  // `roles` means nothing in this issuer's tokens.
  expect((await ofPartner('sam', ['orderer']).get('/v1/audit/events')).said).toBe('403 ROLE_REQUIRED');
  expect((await ofPartner('sam', []).get('/v1/keys')).said).toBe('403 ROLE_REQUIRED');
});

it('takes the same subject of two issuers for two people', async () => {
  const operation = await scene.as('sam', ['orderer'], { team: 'pumps' }).operation({ fw: 1 });
  expect(operation.requestedBy).toMatchObject({ issuer: scene.service.issuer.url, claims: { team: 'pumps' } });
  expect((await ofPartner('sam', ['orderer']).reads(operation)).said).toBe('403 NOT_YOUR_OPERATION');
  expect((await scene.approver('sam').approves(operation)).said).toBe('403 SELF_APPROVAL');
  expect(expected(await ofPartner('sam', ['approver']).approves(operation), 201).state).toBe('pending');
  await eventually(async () => expected(await scene.ana.queue(), 200).items.length, (n) => n > 0);
  expect(expected(await scene.ana.approves(operation), 201)).toMatchObject({ state: 'approved', decisions: [{ by: { issuer: partner.url, subject: 'sam' } }, { by: { subject: 'ana' } }] });
});

it('counts one person of each issuer, whatever his name', async () => {
  const operation = await scene.orderer.operation({ fw: 1 });
  expected(await scene.ana.approves(operation), 201);
  expect(expected(await scene.as('ana', ['approver'], { groups: ['firmware-approvers'], name: 'Somebody else' }).approves(operation), 201).state).toBe('pending');
  expect(expected(await ofPartner('ana', ['approver']).approves(operation), 201).state).toBe('approved');
});

it('takes a token for its own issuer’s audience only, and no key of the other', async () => {
  const { issuer } = scene.service;
  for (const token of [
    partner.token('eve', [], { aud: 'countersign', realm_access: { roles: ['administrator'] } }),
    partner.sign({ alg: 'ES256', kid: partner.kid }, issuer.claims('eve', ['administrator'])),
    partner.sign({ alg: 'ES256', kid: issuer.kid }, issuer.claims('eve', ['administrator'])),
  ]) expect((await scene.bearer(token).get('/v1/keys')).said).toBe('401 UNAUTHENTICATED');
});

it('finds what one did by his subject, and what one of one issuer did by both', async () => {
  const query = (actor: string) => scene.auditor.audit(`?type=operations.approval-given&actor=${encodeURIComponent(actor)}`);
  const all = await eventually(async () => expected(await query('ana'), 200).items, (items) => items.length === 3);
  expect(new Set(all.map((e) => e.actor.issuer))).toEqual(new Set([partner.url, scene.service.issuer.url]));
  expect(expected(await query(`${partner.url}#ana`), 200).items.map((e) => e.actor)).toEqual([{ issuer: partner.url, subject: 'ana' }]);
});
