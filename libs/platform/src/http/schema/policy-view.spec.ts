import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { explainPolicy, parsePolicy, parsePolicySource, treeOf } from '#policies/contract.js';
import { policies } from '#policies/domain/testing/random-documents.js';
import { people } from '#policies/domain/testing/random-policies.js';
import { componentSchema } from './json-schema.js';
import { policySourceView, policyView } from './policy.schema.js';
import { standingView } from './standing.schema.js';

const names = ['PolicyNode', 'Policy', 'ApprovalPolicy', 'PolicyNodeInForce', 'PolicyInForce', 'ApprovalPolicyInForce', 'PolicyStanding', 'Principal'];
const ajv = new Ajv2020({ strict: false });
ajv.addSchema({ $id: 'api:', components: { schemas: Object.fromEntries(names.map((name) => [name, componentSchema(name)])) } });
const compiled = new Map(names.map((name) => [name, ajv.compile({ $ref: `api:#/components/schemas/${name}` })]));
const fits = (name: string, value: unknown): boolean => compiled.get(name)?.(value) === true;
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a policy on the wire', () => {
  it('comes back as the same policy, and is as the schemas say', () => {
    fc.assert(fc.property(policies, (policy) => {
      const view = sent(policyView(policy));
      expect(parsePolicy(view, '')).toEqual({ policy });
      expect(parsePolicySource(view, '')).toEqual({ source: policy });
      for (const name of ['Policy', 'ApprovalPolicy', 'PolicyInForce', 'ApprovalPolicyInForce']) expect([name, fits(name, view)]).toEqual([name, true]);
      expect(fits('PolicyNode', view)).toBe(!('tree' in policy));
    }));
  });
  it.each([{ ref: 'two', version: null }, { ref: 'two', version: 3 }, { assuranceLevel: 'L2' }] as const)('is a reference, %j', (source) => {
    const view = sent(policySourceView(source));
    expect(parsePolicySource(view, '')).toEqual({ source });
    expect(fits('ApprovalPolicy', view)).toBe(true);
    expect(fits('ApprovalPolicyInForce', view)).toBe(true);
    expect(fits('Policy', view)).toBe(false);
  });
  it('shows how it stands', () => {
    fc.assert(fc.property(policies, people(3, 4), people(3, 4), (policy, approved, candidates) => {
      const show = ({ issuer, subject }: { readonly issuer: string; readonly subject: string }) => ({ issuer, subject, name: null, claims: {} });
      const view = standingView(explainPolicy(policy, approved, candidates), show, show);
      expect(fits('PolicyStanding', sent(view))).toBe(true);
      expect(view.type).toBe(treeOf(policy).type);
    }));
  });
});
