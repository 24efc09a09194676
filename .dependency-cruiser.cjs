// The layer rule: services -> shared/* -> shared/api; no service imports another; no I/O where decisions are made.
// `npm run lint` runs it; test/integration/lint.test.ts plants a violation of every rule and sees it fail.

/** What each package under shared/ may import of the others. Tests may import more (see `notFromTests`). */
const ALLOWED = {
  api: [],
  telemetry: [],
  config: ['api'],
  chart: ['api', 'config'],
  runtime: ['api', 'telemetry', 'config'],
  datapath: [],
  backupstore: ['api', 'telemetry', 'datapath'],
  admission: ['api', 'runtime', 'telemetry', 'config'],
};

const TEST = '\\.test\\.ts$';
const PURE = '(^|/)(policies|defaults|validate|decide[^/]*)\\.ts$|/policies/(?!.*\\.test\\.ts$)[^/]+\\.ts$';
const NODE_IO = '^(node:)?(fs|net|http|https|http2|tls|dns|dgram|child_process|cluster|worker_threads)(/|$)';
const SDKS = 'node_modules/(@aws-sdk|@azure|@smithy|@kubernetes|express|undici)/';

const layers = Object.entries(ALLOWED).map(([name, allowed]) => ({
  name: `layer-${name}`,
  severity: 'error',
  comment: `shared/${name} may import of ours only: ${allowed.join(', ') || 'nothing'}`,
  from: { path: `^shared/${name}/`, pathNot: TEST },
  to: { path: `^shared/(?!(${[name, ...allowed].join('|')})/)` },
}));

module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'layer-service-to-service',
      severity: 'error',
      comment: 'a service is a process of its own: what two need belongs into shared/',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'layer-shared-to-service',
      severity: 'error',
      comment: 'dependencies point one way: services -> shared',
      from: { path: '^shared/' },
      to: { path: '^services/' },
    },
    {
      name: 'layer-testing',
      severity: 'error',
      comment:
        '@mooring/testing and @mooring/images are for tests, builds and npm start; they must not reach a container',
      from: { path: '^(services|shared)/', pathNot: [TEST, '^shared/(testing|images)/'] },
      to: { path: '^shared/(testing|images)/' },
    },
    {
      name: 'package-by-name',
      severity: 'error',
      comment: "another package is imported by its name, so that its package.json's exports hold",
      from: { path: '^((?:services|shared)/[^/]+)/' },
      to: {
        path: '^(services|shared)/',
        pathNot: '^$1/',
        dependencyTypes: ['local'],
        dependencyTypesNot: ['aliased', 'aliased-workspace'],
      },
    },
    {
      name: 'no-test-in-source',
      severity: 'error',
      comment: 'source does not import tests',
      from: { pathNot: [TEST, '^test/'] },
      to: { path: `${TEST}|^test/` },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      comment: 'a cycle means that two files are one concept, or that a third is missing',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'pure-decisions',
      severity: 'error',
      comment: 'a decision gets facts as arguments: gather them outside (style: gather, decide, act)',
      from: { path: PURE, pathNot: '\\.test\\.ts$' },
      to: { path: [NODE_IO, SDKS, '^shared/(runtime|backupstore|telemetry)/src/'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'not-resolvable',
      severity: 'error',
      comment: 'the module does not exist',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['(^|/)dist/', '^test/fixtures/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    moduleSystems: ['es6', 'cjs'],
  },
};
