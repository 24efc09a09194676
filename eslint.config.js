import tseslint from 'typescript-eslint';
import { house } from './.lint/rules.js';

const TESTS = ['**/*.test.ts', 'test/**/*.ts'];

const restrictedSyntax = [
  { selector: 'ExportDefaultDeclaration', message: 'export by name: a default export is renamed at every import' },
  {
    selector: 'TSEnumDeclaration',
    message: 'use a union or an `as const` object: an enum does not survive type stripping',
  },
];

const lazyImports = [
  {
    selector: 'ImportExpression[source.value=/^(?![.]|node:)/]',
    message:
      'in a bundle, import() of a CommonJS package has no named exports: import it statically in a file of its own, and that file by import()',
  },
];

const testSyntax = [
  ...restrictedSyntax,
  {
    selector: 'MemberExpression[object.name=/^(describe|context|it|specify)$/][property.name=/^(only|skip)$/]',
    message: 'a test is run or removed, never left out silently',
  },
  { selector: 'CallExpression[callee.name=/^(xit|xdescribe|xcontext)$/]', message: 'a test is run or removed' },
  {
    selector: 'NewExpression[callee.name="Promise"] CallExpression[callee.name="setTimeout"]',
    message: 'tests do not sleep: inject a clock, await the event, or use eventually() of @mooring/testing',
  },
];

const restrictedImports = {
  paths: [
    {
      name: '@kubernetes/client-node',
      message: 'the whole package costs 86 MiB: import @kubernetes/client-node/dist/config.js, lazily where possible',
      allowTypeImports: true,
    },
  ],
  patterns: [
    {
      regex:
        '^(assert|buffer|child_process|crypto|dns|events|fs|http|https|module|net|os|path|stream|tls|url|util|zlib)(/|$)',
      message: 'write node:…, so that no package can take its place',
    },
  ],
};

export default tseslint.config(
  {
    ignores: ['.*/', '**/node_modules/', '**/dist/', 'coverage/', '.mooring/', 'test/fixtures/', 'shared/testing/go/'],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { house },
    rules: {
      'house/no-message-matching': 'error',
      'house/no-stringify-error': 'error',
      'house/commented-exports': 'error',
      'house/file-name': 'error',

      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true, IIFEs: true }],
      complexity: ['error', 11],
      'max-params': ['error', 3],
      'max-depth': ['error', 4],

      'no-restricted-syntax': ['error', ...restrictedSyntax, ...lazyImports],
      '@typescript-eslint/no-restricted-imports': ['error', restrictedImports],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
      'no-console': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: 'error',
      'no-constant-binary-expression': 'error',
      'no-unsafe-finally': 'error',
      'no-self-assign': 'error',
      'no-duplicate-case': 'error',
      'no-empty': 'error',
      'no-eval': 'error',
      'no-loss-of-precision': 'error',
      'no-promise-executor-return': 'off',

      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // An async method without await is how an interface of promises is implemented in memory.
      '@typescript-eslint/require-await': 'off',
      // JSON objects of Kubernetes are edited by key.
      '@typescript-eslint/no-dynamic-delete': 'off',
    },
  },
  {
    // Programs that talk to a terminal.
    files: ['services/cli/src/**/*.ts', 'shared/testing/src/**/*.ts', 'test/bench/**/*.ts'],
    rules: { 'no-console': 'off', 'no-restricted-syntax': ['error', ...restrictedSyntax] },
  },
  {
    files: TESTS,
    rules: {
      'max-lines': ['error', { max: 1000 }],
      'max-lines-per-function': 'off',
      'no-restricted-syntax': ['error', ...testSyntax],
      'house/commented-exports': 'off',
      // chai's assertions are property reads; a failed `!` fails the test, as it should; answers of servers are raw JSON.
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
