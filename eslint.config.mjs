import tseslint from 'typescript-eslint';

const TESTS = ['**/*.spec.ts', '**/*.int-spec.ts', '**/*.e2e-spec.ts', '**/*.deployment-spec.ts', '**/testing/**/*.ts', 'test/**/*.ts'];

/** Of the bus only commands, queries and their handlers: a saga stream of it ends for ever on its first throw, event handlers run out of order, and nothing survives a crash. */
const CQRS_NAMES = ['Command', 'CommandBus', 'CommandHandler', 'CqrsModule', 'ICommandHandler', 'IQueryHandler', 'Query', 'QueryBus', 'QueryHandler'];

const everywhere = {
  eqeqeq: 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'object-shorthand': 'error',
  'no-eval': 'error',
  'no-implied-eval': 'error',
  'no-new-func': 'error',
  'no-self-compare': 'error',
  'no-restricted-imports': [
    'error',
    { paths: [{ name: '@nestjs/cqrs', allowImportNames: CQRS_NAMES, message: 'Process managers on durable subscriptions take the place of events and sagas of the bus.' }] },
  ],
  'no-restricted-syntax': [
    'error',
    { selector: 'ImportExpression[source.value="@nestjs/cqrs"]', message: 'Import the names that are needed, so that they can be checked.' },
    { selector: 'CallExpression[callee.name="require"][arguments.0.value="@nestjs/cqrs"]', message: 'Import the names that are needed, so that they can be checked.' },
  ],
};

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '**/data/', '**/coverage/'] },
  // An exception is made here, where it is seen, or nowhere.
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...everywhere,
      'max-lines': ['error', { max: 400 }],
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true }],
      // Knows decorators: where their metadata is emitted, an injected class stays a value import.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: true }],
      '@typescript-eslint/no-explicit-any': ['error', { ignoreRestArgs: false }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // An async function without await turns what it throws into a rejection: callers of a port count on it.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true, allow: ['URL', 'URLSearchParams'] }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  // Matchers such as expect.any() are of type any.
  { files: TESTS, rules: { 'max-lines': ['error', { max: 600 }], '@typescript-eslint/no-unsafe-assignment': 'off', '@typescript-eslint/no-unsafe-argument': 'off' } },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        ['AbortController', 'AbortSignal', 'Buffer', 'URL', 'URLSearchParams', '__dirname', 'clearInterval', 'clearTimeout', 'console', 'fetch', 'module', 'performance', 'process', 'require', 'setImmediate', 'setInterval', 'setTimeout', 'structuredClone', 'TextDecoder', 'TextEncoder']
          .map((name) => [name, 'readonly']),
      ),
    },
    rules: { ...everywhere, 'no-undef': 'error', 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] },
  },
);
