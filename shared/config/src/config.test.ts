import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError, loadConfig, loadServiceConfig, serviceConfigSchema } from './index.ts';
import type { ConfigSchema } from './index.ts';

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('expected a ConfigError');
}

describe('loadServiceConfig', () => {
  it('needs no setting at all', () => {
    const config = loadServiceConfig({ env: {} });
    expect(config.objectNamespace).to.equal('longhorn-system');
    expect(config.namespace).to.equal('mooring-system');
    expect(config.healthPort).to.equal(8080);
    expect(config.leaderElect).to.equal(true);
    expect(config.allowedSchemes).to.deep.equal(['s3', 'azblob', 'nfs', 'cifs']);
    expect(config.webhookHosts).to.deep.equal([]);
    expect(config.otlpEndpoint).to.equal(undefined);
  });

  it('gives every process its own identity', () => {
    expect(loadServiceConfig({ env: {} }).instanceId).not.to.equal(loadServiceConfig({ env: {} }).instanceId);
  });

  it('reads numbers, booleans and lists from the environment', () => {
    const env = { MOORING_HEALTH_PORT: '0', MOORING_LEADER_ELECT: 'false', MOORING_ALLOWED_SCHEMES: 's3, vfs,' };
    const config = loadServiceConfig({ env });
    expect(config.healthPort).to.equal(0);
    expect(config.leaderElect).to.equal(false);
    expect(config.allowedSchemes).to.deep.equal(['s3', 'vfs']);
  });

  it('takes an empty variable for an absent one', () => {
    expect(loadServiceConfig({ env: { MOORING_LOG_LEVEL: '', MOORING_WEBHOOK_PORT: ' ' } }).logLevel).to.equal('info');
  });

  const wrong: [string, Record<string, string>, RegExp][] = [
    [
      'a port that a Service injected',
      { MOORING_WEBHOOK_PORT: 'tcp://10.0.0.1:443' },
      /^MOORING_WEBHOOK_PORT is not of type integer: .*enableServiceLinks/,
    ],
    [
      'a port out of range',
      { MOORING_HEALTH_PORT: '70000' },
      /^MOORING_HEALTH_PORT must be <= 65535: set it to an integer from 0 to 65535/,
    ],
    [
      'an unknown scheme',
      { MOORING_ALLOWED_SCHEMES: 's3,ftp' },
      /^MOORING_ALLOWED_SCHEMES .*: set it to a comma-separated list of s3, azblob/,
    ],
    ['an unknown level', { MOORING_LOG_LEVEL: 'loud' }, /^MOORING_LOG_LEVEL .*: set it to one of trace, debug/],
    [
      'a boolean that is none',
      { MOORING_LEADER_ELECT: 'maybe' },
      /^MOORING_LEADER_ELECT is not of type boolean: set it to true or false/,
    ],
    [
      'a collector without scheme',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
      /^OTEL_EXPORTER_OTLP_ENDPOINT .*http:\/\/collector:4318/,
    ],
  ];
  for (const [title, env, expected] of wrong) {
    it(`names the variable and the cure for ${title}`, () => {
      const problems = problemsOf(() => loadServiceConfig({ env }));
      expect(problems).to.have.length(1);
      expect(problems[0]).to.match(expected);
    });
  }

  it('reports all wrong settings at once', () => {
    const env = { MOORING_HEALTH_PORT: '-1', MOORING_LOG_LEVEL: 'loud' };
    expect(problemsOf(() => loadServiceConfig({ env }))).to.have.length(2);
  });
});

describe('loadConfig with a file', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'mooring-config-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  function file(content: string): string {
    const path = join(directory, 'config.json');
    writeFileSync(path, content);
    return path;
  }

  it('puts the environment above the file and the file above defaults', () => {
    const path = file('{"logLevel":"debug","healthPort":1}');
    const config = loadServiceConfig({ env: { MOORING_HEALTH_PORT: '2', MOORING_CONFIG_FILE: path } });
    expect([config.logLevel, config.healthPort, config.namespace]).to.deep.equal(['debug', 2, 'mooring-system']);
  });

  it('names a member that it does not know', () => {
    const path = file('{"logLevle":"debug"}');
    expect(problemsOf(() => loadServiceConfig({ env: {}, file: path }))[0]).to.match(
      /'logLevle' is unknown: .*logLevel/,
    );
  });

  for (const content of ['', '[]', 'null', 'logLevel: debug']) {
    it(`rejects a file that holds ${content === '' ? 'nothing' : content}`, () => {
      expect(problemsOf(() => loadServiceConfig({ env: {}, file: file(content) }))[0]).to.match(
        /^failed to read configuration file/,
      );
    });
  }
});

describe('loadConfig with a schema of its own', () => {
  const schema = {
    ...serviceConfigSchema,
    properties: {
      ...serviceConfigSchema.properties,
      scanShards: { type: 'integer', variable: 'MOORING_SCAN_SHARDS', description: 'parallel listings', minimum: 1 },
    },
    required: ['instanceId', 'scanShards'],
  } as const satisfies ConfigSchema;

  it('adds its settings to the common ones', () => {
    const config = loadServiceConfig({ env: { MOORING_SCAN_SHARDS: '4' } }, schema);
    expect(config.scanShards + 1).to.equal(5);
    expect(config.logLevel).to.equal('info');
  });

  it('says which required setting is missing', () => {
    const problems = problemsOf(() => loadConfig(schema, { env: { MOORING_INSTANCE_ID: 'a' } }));
    expect(problems).to.deep.equal([
      'MOORING_SCAN_SHARDS is not set: set it to an integer from 1 up (parallel listings)',
    ]);
  });
});
