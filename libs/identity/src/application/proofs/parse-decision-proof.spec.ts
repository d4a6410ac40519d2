import fc from 'fast-check';
import { decisionOver, jwsApprover, webAuthnApprover } from '#test/fixtures/approver.js';
import { parseDecisionProof, readDecisionProof } from './parse-decision-proof.js';

const jws = jwsApprover().sign(decisionOver());
const webauthn = webAuthnApprover().sign(decisionOver());
const over = (...[path, value]: readonly [string, unknown]): unknown => {
  const copy = structuredClone(webauthn) as unknown as Record<string, unknown>;
  const names = path.split('.');
  const last = names.pop() ?? '';
  const parent = names.reduce<Record<string, unknown>>((at, name) => at[name] as Record<string, unknown>, copy);
  parent[last] = value;
  return copy;
};

describe('parseDecisionProof', () => {
  it('takes both kinds as they are', () => {
    expect(parseDecisionProof(jws, '/proof')).toEqual({ proof: jws });
    expect(parseDecisionProof(webauthn, '/proof')).toEqual({ proof: webauthn });
  });

  it('leaves out what browsers add to a response', () => {
    expect(parseDecisionProof(over('response.clientExtensionResults', {}), '')).toEqual({ proof: webauthn });
    expect(parseDecisionProof(over('response.authenticatorAttachment', 'platform'), '')).toEqual({ proof: webauthn });
    expect(parseDecisionProof(over('response.response.userHandle', null), '')).toEqual({ proof: webauthn });
    expect(parseDecisionProof(over('response.response.userHandle', 'AAAA'), '')).toHaveProperty('proof.response.response.userHandle', 'AAAA');
  });

  it.each<[string, unknown, readonly string[]]>([
    ['nothing', undefined, ['/proof']],
    ['a text', 'jws', ['/proof']],
    ['another type', { ...jws, type: 'pgp' }, ['/proof/type']],
    ['a type of the prototype', { ...jws, type: 'toString' }, ['/proof/type']],
    ['an unknown member', { ...jws, comment: 'x' }, ['/proof/comment']],
    ["the other kind's member", { ...jws, response: {} }, ['/proof/response']],
    ['no challenge', { type: 'jws', jws: 'x' }, ['/proof/challengeId']],
    ['an empty JWS', { ...jws, jws: '' }, ['/proof/jws']],
    ['a JWS too long', { ...jws, jws: 'x'.repeat(600_000) }, ['/proof/jws']],
    ['no response', { type: 'webauthn', challengeId: 'c' }, ['/proof/response/id', '/proof/response/rawId', '/proof/response/type', '/proof/response/response/clientDataJSON', '/proof/response/response/authenticatorData', '/proof/response/response/signature']],
    ['a response of another type', over('response.type', 'password'), ['/proof/response/type']],
    ['client data too long', over('response.response.clientDataJSON', 'x'.repeat(8_193)), ['/proof/response/response/clientDataJSON']],
    ['a signature that is a number', over('response.response.signature', 7), ['/proof/response/response/signature']],
  ])('refuses %s', (_name, value, paths) => {
    const read = parseDecisionProof(value, '/proof');
    expect('faults' in read ? read.faults.map((f) => f.path) : []).toEqual(expect.arrayContaining([...paths]));
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.anything(), fc.record({ type: fc.constantFrom('jws', 'webauthn'), challengeId: fc.anything(), jws: fc.anything(), response: fc.anything() })), (value) => {
      expect(parseDecisionProof(value, '')).toBeDefined();
    }));
  });
});

describe('readDecisionProof', () => {
  it('reads a proof that is stored beside other members', () => {
    expect(readDecisionProof({ ...jws, credentialId: 'c', statement: 's' }, '')).toEqual({ proof: jws });
  });
});
