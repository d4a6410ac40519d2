const { join } = require('node:path');

// How imports find sources. package.json leads `#signing/…` to the compiled files, which have no types and may be old: rules are about the sources.
const contexts = ['kernel', 'eventing', 'platform', 'identity', 'policies', 'keys', 'operations', 'administration', 'evidence', 'signing'];
module.exports = {
  resolve: {
    alias: {
      ...Object.fromEntries(contexts.map((name) => [`#${name}`, join(__dirname, 'libs', name, 'src')])),
      '#apps': join(__dirname, 'apps'),
      '#test': join(__dirname, 'test'),
    },
    extensionAlias: { '.js': ['.ts', '.js'] },
    extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    conditionNames: ['import', 'require', 'node', 'default', 'types'],
    exportsFields: ['exports'],
  },
};
