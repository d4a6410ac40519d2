const CONTEXTS = '(identity|policies|keys|operations|administration|signing|evidence)';
const TESTS = '\\.(spec|int-spec|e2e-spec|deployment-spec)\\.ts$|/testing/|^test/';
const npm = (name) => `(^|/)node_modules/${name}(/|$)|^${name}(/|$)`;

/** A package that is imported in some places alone, tests included. */
const packageOnlyIn = (name, packages, places) => ({
  name,
  comment: `${packages.join(', ')} only in ${places.join(', ')}`,
  severity: 'error',
  from: { pathNot: places },
  to: { path: packages.map(npm) },
});

/** What may import what: kernel <- domain <- application <- adapters <- apps. */
module.exports = {
  forbidden: [
    { name: 'kernel-imports-nothing', comment: 'kernel imports kernel alone: no npm package, no node:*', severity: 'error', from: { path: '^libs/kernel/', pathNot: TESTS }, to: { pathNot: '^libs/kernel/' } },
    {
      name: 'domain-is-pure',
      comment: 'a domain imports its own domain, the kernel and contracts of other contexts: no npm package, no node:*',
      severity: 'error',
      from: { path: '^libs/([^/]+)/src/domain/', pathNot: TESTS },
      to: { pathNot: ['^libs/kernel/', '^libs/$1/src/domain/', '^libs/[^/]+/src/contract\\.ts$'] },
    },
    { name: 'application-below-adapters', comment: 'application code reaches the outside by ports', severity: 'error', from: { path: '^libs/[^/]+/src/application/', pathNot: TESTS }, to: { path: ['^libs/[^/]+/src/adapters/', '^libs/platform/'] } },
    { name: 'eventing-below-contexts', comment: 'eventing knows no context and no adapter', severity: 'error', from: { path: '^libs/eventing/', pathNot: TESTS }, to: { path: '^libs/', pathNot: ['^libs/eventing/', '^libs/kernel/'] } },
    { name: 'libs-below-apps', comment: 'no library imports an app', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    { name: 'nothing-shipped-imports-tests', comment: 'tests and what they share are not shipped', severity: 'error', from: { path: '^(apps|libs)/', pathNot: TESTS }, to: { path: TESTS } },
    {
      name: 'contexts-by-contract',
      comment: 'a context reaches another one through its contract.ts alone',
      severity: 'error',
      from: { path: `^libs/${CONTEXTS}/` },
      to: { path: `^libs/${CONTEXTS}/`, pathNot: ['^libs/$1/', '^libs/[^/]+/src/contract\\.ts$'] },
    },
    { name: 'control-plane-below-keys', comment: 'keys follow the control plane, which knows keys by words of the kernel alone; so contexts make no circle', severity: 'error', from: { path: '^libs/(administration|identity|policies)/' }, to: { path: '^libs/(keys|operations|signing|evidence)/' } },
    {
      name: 'platform-by-contract',
      comment: 'the platform implements ports of contexts and knows them by contract.ts; tests run the contract suites of the ports',
      severity: 'error',
      from: { path: '^libs/platform/' },
      to: { path: `^libs/${CONTEXTS}/`, pathNot: ['^libs/[^/]+/src/contract\\.ts$', '/testing/'] },
    },
    { name: 'api-cannot-reach-the-hsm', comment: 'not even through others', severity: 'error', from: { path: '^apps/api/', pathNot: TESTS }, to: { path: '^libs/signing/src/adapters/pkcs11/', reachable: true } },
    packageOnlyIn('event-store-client-place', ['@eventstore/db-client'], ['^libs/platform/src/eventstoredb/', '^test/']),
    packageOnlyIn('pkcs11-place', ['graphene-pk11', 'pkcs11js'], ['^libs/signing/src/adapters/pkcs11/']),
    packageOnlyIn('sqlite-place', ['better-sqlite3', 'better-sqlite3-13', '@types/better-sqlite3'], ['^libs/platform/', '^test/']),
    packageOnlyIn('postgres-place', ['pg', '@types/pg'], ['^libs/platform/src/(ledger|postgres|read-model)/', '^test/']),
    packageOnlyIn('asn1-place', ['pkijs', 'asn1js'], ['^libs/[^/]+/src/adapters/', '^test/']),
    packageOnlyIn('canonical-json-place', ['canonicalize'], ['^libs/identity/src/application/statements/']),
    packageOnlyIn('webauthn-place', ['@simplewebauthn/[^/]+'], ['^libs/identity/src/adapters/', '^test/']),
    packageOnlyIn('typeorm-place', ['typeorm'], ['^libs/platform/src/read-model/', '^libs/[^/]+/src/adapters/projections/', '^test/']),
    { name: 'no-cycles', comment: 'nor through types', severity: 'error', from: {}, to: { circular: true } },
    { name: 'found', comment: 'every import leads somewhere', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'declared', comment: 'every package is one of package.json; @jest/globals is of jest', severity: 'error', from: {}, to: { pathNot: npm('@jest/globals'), dependencyTypes: ['npm-no-pkg', 'npm-unknown'] } },
    { name: 'nothing-shipped-needs-dev-packages', comment: 'installed without devDependencies it runs', severity: 'error', from: { path: '^(apps|libs)/', pathNot: TESTS }, to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // From the root: packages have a dist/ of their own, and imports of them must be seen.
    exclude: { path: '^(dist|data|coverage)/' },
    // Types count: who knows another's types depends on it.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    webpackConfig: { fileName: '.dependency-cruiser.resolve.cjs' },
  },
};
