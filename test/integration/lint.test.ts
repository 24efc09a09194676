import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { ESLint } from 'eslint';

const REPOSITORY = join(import.meta.dirname, '../..');
const PACKAGES = ['api', 'runtime', 'admission', 'backupstore', 'telemetry', 'config', 'testing'];
const SERVICES = ['target-controller', 'volume-controller'];
const SETTINGS = [
  'eslint.config.js',
  '.lint',
  '.dependency-cruiser.cjs',
  'knip.json',
  'tsconfig.json',
  'package.json',
  '.prettierrc.json',
  '.prettierignore',
];

interface Run {
  status: number;
  stdout: string;
}

let tree: string;

/** A tree with the house's lint settings and packages of its own, whose sources the tests plant. */
before(function () {
  this.timeout(60_000);
  tree = mkdtempSync(join(tmpdir(), 'mooring-lint-'));
  for (const name of SETTINGS) cpSync(join(REPOSITORY, name), join(tree, name), { recursive: true });
  mkdirSync(join(tree, 'node_modules/@mooring'), { recursive: true });
  for (const name of readdirSync(join(REPOSITORY, 'node_modules'))) {
    if (name !== '@mooring') symlinkSync(join(REPOSITORY, 'node_modules', name), join(tree, 'node_modules', name));
  }
  for (const folder of [...PACKAGES.map((name) => `shared/${name}`), ...SERVICES.map((name) => `services/${name}`)]) {
    const name = `@mooring/${folder.split('/')[1]}`;
    plant(`${folder}/package.json`, JSON.stringify({ name, type: 'module', exports: { '.': './src/index.ts' } }));
    plant(`${folder}/src/index.ts`, `/** One. */\nexport const one = 1;\n`);
    symlinkSync(join(tree, folder), join(tree, 'node_modules', name));
  }
});

after(() => rmSync(tree, { recursive: true, force: true }));

function plant(path: string, content: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), content);
}

async function run(...command: string[]): Promise<Run> {
  const [program = '', ...args] = command;
  const file = join(REPOSITORY, 'node_modules/.bin', program);
  return promisify(execFile)(process.execPath, [file, ...args], { cwd: tree, maxBuffer: 2 ** 26 }).then(
    ({ stdout }) => ({ status: 0, stdout }),
    (error: unknown) => {
      const { code, stdout } = error as { code: number; stdout: string };
      return { status: code, stdout };
    },
  );
}

const LINES = (count: number, line: string) => Array.from({ length: count }, () => line).join('\n');

/** Rule, the file that breaks it, its content. */
const PLANTED: [rule: string, path: string, content: string][] = [
  ['@typescript-eslint/no-floating-promises', 'floating.ts', 'Promise.resolve(1);'],
  ['@typescript-eslint/no-explicit-any', 'any.ts', 'const a: any = 1;\nvoid a;'],
  ['@typescript-eslint/no-non-null-assertion', 'assertion.ts', 'const a = [1][0]!;\nvoid a;'],
  [
    '@typescript-eslint/switch-exhaustiveness-check',
    'switch.ts',
    "/** F. */\nexport function f(a: 'x' | 'y'): number {\n  switch (a) {\n    case 'x':\n      return 1;\n  }\n  return 2;\n}",
  ],
  [
    'house/no-message-matching',
    'message-includes.ts',
    "/** F. */\nexport const f = (e: Error) => e.message.includes('x');",
  ],
  [
    'house/no-message-matching',
    'message-optional.ts',
    "/** F. */\nexport const f = (e?: Error) => e?.message.startsWith('x');",
  ],
  ['house/no-message-matching', 'message-pattern.ts', '/** F. */\nexport const f = (e: Error) => /x/.test(e.message);'],
  ['house/no-message-matching', 'message-equal.ts', "/** F. */\nexport const f = (e: Error) => e.message === 'x';"],
  [
    'house/no-message-matching',
    'message-text.ts',
    "/** F. */\nexport const f = (error: Error) => String(error).includes('x');",
  ],
  [
    'house/no-message-matching',
    'message-switch.ts',
    "/** F. */\nexport function f(e: Error): number {\n  switch (e.message) {\n    case 'x':\n      return 1;\n    default:\n      return 2;\n  }\n}",
  ],
  [
    'house/no-stringify-error',
    'stringify-caught.ts',
    '/** F. */\nexport function f(): string {\n  try {\n    return "";\n  } catch (e) {\n    return JSON.stringify(e);\n  }\n}',
  ],
  [
    'house/no-stringify-error',
    'stringify-typed.ts',
    '/** F. */\nexport const f = (e: TypeError) => JSON.stringify({ e });',
  ],
  ['house/commented-exports', 'bare.ts', 'export const one = 1;'],
  ['house/file-name', 'helpers.ts', 'void 0;'],
  ['house/file-name', 'camelCase.ts', 'void 0;'],
  ['no-restricted-syntax', 'default.ts', 'export default 1;'],
  ['no-restricted-syntax', 'enum.ts', 'enum A {\n  B,\n}\nvoid A.B;'],
  ['no-restricted-syntax', 'lazy.ts', "void import('yaml');"],
  ['no-restricted-syntax', 'only.test.ts', "it.only('x', () => undefined);"],
  ['no-restricted-syntax', 'skip.test.ts', "describe.skip('x', () => undefined);"],
  ['no-restricted-syntax', 'sleep.test.ts', 'void new Promise((done) => setTimeout(done, 9));'],
  [
    '@typescript-eslint/no-restricted-imports',
    'client-node.ts',
    "import { KubeConfig } from '@kubernetes/client-node';\nvoid KubeConfig;",
  ],
  ['@typescript-eslint/no-restricted-imports', 'bare-fs.ts', "import { statSync } from 'fs';\nvoid statSync;"],
  ['no-warning-comments', 'todo.ts', '// TODO later\nvoid 0;'],
  ['no-console', 'console.ts', "console.log('x');"],
  ['max-lines', 'long-file.ts', LINES(501, 'void 0;')],
  ['max-lines-per-function', 'long-function.ts', `/** F. */\nexport function f(): void {\n${LINES(50, 'void 0;')}\n}`],
  ['complexity', 'complex.ts', `/** F. */\nexport const f = (a: string) => ${LINES(12, "a === 'x' ||")} false;`],
  ['max-params', 'parameters.ts', '/** F. */\nexport const f = (a: 1, b: 1, c: 1, d: 1) => [a, b, c, d];'],
];

const CLEAN = `import { readFile } from 'node:fs/promises';

/** The first line of a file. Throws what readFile throws. */
export async function firstLine(path: string, signal: AbortSignal): Promise<string | undefined> {
  const text = await readFile(path, { encoding: 'utf8', signal });
  return text.split('\\n')[0];
}

/** Whether two conditions read alike: comparing two messages is no decision on their text. */
export const isSame = (a: { message: string }, b: { message: string }) => a.message === b.message;
`;

describe('the lint rules', function () {
  this.timeout(60_000);
  const folder = 'shared/runtime/src/planted';
  let results: Map<string, string[]>;

  before(async () => {
    for (const [, path, content] of PLANTED) plant(`${folder}/${path}`, `${content}\n`);
    plant(`${folder}/clean.ts`, CLEAN);
    const eslint = new ESLint({ cwd: tree, overrideConfigFile: join(tree, 'eslint.config.js') });
    const linted = await eslint.lintFiles([folder]);
    results = new Map(
      linted.map(({ filePath, messages }) => [
        relative(join(tree, folder), filePath),
        messages.map(({ ruleId, message }) => ruleId ?? message),
      ]),
    );
    rmSync(join(tree, folder), { recursive: true });
  });

  for (const [rule, path] of PLANTED) {
    it(`finds a violation of ${rule} in ${path}`, () => expect(results.get(path)).to.include(rule));
  }

  it('find nothing in clean code', () => expect(results.get('clean.ts')).to.deep.equal([]));
});

const IMPORT = (name: string) => `import { one } from '${name}';\nvoid one;\n`;
const POLICIES = 'services/target-controller/src/policies.ts';

const DEPENDENCIES: [rule: string, path: string, content: string][] = [
  ['layer-api', 'shared/api/src/layer-api.ts', IMPORT('@mooring/config')],
  [
    'layer-telemetry',
    'shared/telemetry/src/layer-telemetry.ts',
    "import type { one } from '@mooring/api';\nexport type One = typeof one;\n",
  ],
  ['layer-config', 'shared/config/src/layer-config.ts', IMPORT('@mooring/telemetry')],
  ['layer-runtime', 'shared/runtime/src/layer-runtime.ts', IMPORT('@mooring/backupstore')],
  ['layer-backupstore', 'shared/backupstore/src/layer-backupstore.ts', IMPORT('@mooring/runtime')],
  ['layer-admission', 'shared/admission/src/layer-admission.ts', IMPORT('@mooring/backupstore')],
  ['layer-testing', 'services/target-controller/src/layer-testing.ts', IMPORT('@mooring/testing')],
  [
    'layer-service-to-service',
    'services/target-controller/src/layer-service-to-service.ts',
    IMPORT('@mooring/volume-controller'),
  ],
  ['layer-shared-to-service', 'shared/testing/src/layer-shared-to-service.ts', IMPORT('@mooring/volume-controller')],
  ['package-by-name', 'services/target-controller/src/package-by-name.ts', IMPORT('../../../shared/api/src/index.ts')],
  ['no-test-in-source', 'shared/api/src/no-test-in-source.ts', IMPORT('./index.test.ts')],
  ['not-resolvable', 'shared/api/src/not-resolvable.ts', IMPORT('./absent.ts')],
  ['pure-decisions', POLICIES, "import { readFileSync } from 'node:fs';\nvoid readFileSync;\n"],
  ['pure-decisions', 'services/target-controller/src/decide-sync.ts', "import { get } from 'node:https';\nvoid get;\n"],
  ['pure-decisions', 'shared/api/src/validate.ts', "import { spawn } from 'node:child_process';\nvoid spawn;\n"],
  ['pure-decisions', 'services/target-controller/src/policies/sync.ts', IMPORT('@mooring/runtime')],
];

describe('the layer rule', function () {
  this.timeout(60_000);

  /** Cruises the tree with more files in it; the rules that each file breaks. */
  async function brokenWith(files: Record<string, string>, ...config: string[]): Promise<Record<string, string[]>> {
    for (const [path, content] of Object.entries(files)) plant(path, content);
    try {
      const { stdout } = await run('depcruise', ...config, '--output-type', 'json', 'shared', 'services');
      const { summary } = JSON.parse(stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } };
      const broken: Record<string, string[]> = {};
      for (const { from, rule } of summary.violations) (broken[from] ??= []).push(rule.name);
      return broken;
    } finally {
      for (const path of Object.keys(files)) rmSync(join(tree, path));
    }
  }

  describe('with one violation in each file', () => {
    let broken: Record<string, string[]>;

    before(async () => {
      const others = { 'shared/api/src/index.test.ts': 'export const one = 1;\n' };
      const planted = DEPENDENCIES.map(([, path, content]) => [path, content] as const);
      broken = await brokenWith({ ...others, ...Object.fromEntries(planted) });
    });

    for (const [rule, path] of DEPENDENCIES) {
      it(`finds a violation of ${rule} in ${path}`, () => expect(broken[path]).to.deep.equal([rule]));
    }

    it('finds nothing else', () => {
      expect(Object.keys(broken)).to.have.members(DEPENDENCIES.map(([, path]) => path));
    });
  });

  it('finds a cycle', async () => {
    const files = {
      'shared/api/src/a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
      'shared/api/src/b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
    };
    expect(Object.values(await brokenWith(files)).flat()).to.include('no-cycle');
  });

  it('finds I/O that a decision reaches through another file', async () => {
    const files = {
      [POLICIES]: "import { two } from './two.ts';\nexport const three = two;\n",
      'services/target-controller/src/two.ts': "import { statSync } from 'node:fs';\nexport const two = statSync;\n",
    };
    const broken = await brokenWith(files, '--config', '.lint/reach.cjs');
    expect(broken).to.deep.equal({ [POLICIES]: ['pure-decisions-reach'] });
  });

  it('lets a decision use the types of the runtime, and a service all of shared', async () => {
    const files = {
      [POLICIES]: "import type { one } from '@mooring/runtime';\nexport type One = typeof one;\n",
      'services/target-controller/src/two.ts':
        IMPORT('@mooring/runtime') + IMPORT('@mooring/api').replaceAll('one', 'one as o'),
    };
    expect(await brokenWith(files)).to.deep.equal({});
    expect(await brokenWith(files, '--config', '.lint/reach.cjs')).to.deep.equal({});
  });
});

describe('the search for unused code', function () {
  this.timeout(60_000);

  it('finds an unused export, an unused file and an unused dependency', async () => {
    const folder = 'services/target-controller';
    const manifest = { name: '@mooring/target-controller', type: 'module', dependencies: { ajv: '8.20.0' } };
    plant(`${folder}/package.json`, JSON.stringify(manifest));
    plant(`${folder}/src/main.ts`, "import { used } from './parts.ts';\nvoid used;\n");
    plant(`${folder}/src/parts.ts`, 'export const used = 1;\nexport const unusedExport = 2;\n');
    plant(`${folder}/src/orphan.ts`, 'void 0;\n');
    const { status, stdout } = await run('knip', '--no-config-hints', '--workspace', folder);
    expect(status).to.equal(1);
    expect(stdout).to.match(/Unused files[^]*orphan\.ts/);
    expect(stdout).to.match(/Unused dependencies[^]*ajv/);
    expect(stdout).to.match(/Unused exports[^]*unusedExport/);
    expect(stdout).not.to.match(/\bused\b.*parts\.ts/);
  });
});

describe('the format check', function () {
  this.timeout(60_000);

  it('fails on a file that prettier would write differently', async () => {
    plant('shared/api/src/format.ts', 'export const a = "double"\n');
    expect((await run('prettier', '--check', 'shared/api/src/format.ts')).status).to.equal(1);
    plant('shared/api/src/format.ts', "export const a = 'single';\n");
    expect((await run('prettier', '--check', 'shared/api/src/format.ts')).status).to.equal(0);
    rmSync(join(tree, 'shared/api/src/format.ts'));
  });
});
