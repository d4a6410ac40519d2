// One project per kind of test; the suffix of a file says which one it belongs to.
const swc = { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false }, keepClassNames: true }, module: { type: 'es6' }, sourceMaps: 'inline' };
const project = (displayName, suffix, more = {}) => ({
  displayName,
  testEnvironment: 'node',
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/test'],
  testMatch: [`**/*.${suffix}.ts`],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: {
    '^#(apps|test)/(.*)\\.js$': '<rootDir>/$1/$2.ts',
    '^#([a-z-]+)/(.*)\\.js$': '<rootDir>/libs/$1/src/$2.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  ...more,
});
export default {
  testTimeout: 60_000,
  projects: [project('unit', 'spec'), project('integration', 'int-spec'), project('end-to-end', 'e2e-spec'), project('deployments', 'deployment-spec')],
};
