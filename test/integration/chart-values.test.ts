import { settingDefinitions } from '@mooring/api';
import { expect } from 'chai';
import { chartValues } from '@mooring/chart';
import type { ValueSchema } from '@mooring/chart';
import { loadServiceConfig, serviceConfigSchema } from '@mooring/config';
import { renderChart } from '@mooring/testing';

/** Settings that are right as they are in a Pod; `extraEnv` can still set them. */
const NOT_IN_THE_CHART = [
  // The ports are those of the Pods' templates, on every address.
  ...['MOORING_HEALTH_ADDRESS', 'MOORING_HEALTH_PORT', 'MOORING_WEBHOOK_ADDRESS', 'MOORING_WEBHOOK_PORT'],
  // A host name and process id are unique in a cluster; two replicas must elect.
  ...['MOORING_INSTANCE_ID', 'MOORING_LEADER_ELECT'],
  // The Services' names are in the certificate anyway.
  'MOORING_WEBHOOK_HOSTS',
  // A Pod has its ServiceAccount.
  'KUBECONFIG',
];
/** From the release, not from values. */
const FROM_THE_RELEASE = ['MOORING_NAMESPACE'];

/** For each variable another value than the default, and what it must become. */
const SAMPLES: Readonly<Record<string, { given: unknown; expected: string }>> = {
  MOORING_OBJECT_NAMESPACE: { given: 'backups', expected: 'backups' },
  MOORING_ALLOWED_SCHEMES: { given: ['s3', 'vfs'], expected: 's3,vfs' },
  MOORING_COEXISTENCE: { given: true, expected: 'true' },
  MOORING_LOG_LEVEL: { given: 'debug', expected: 'debug' },
  MOORING_CERTIFICATE_MODE: { given: 'cert-manager', expected: 'cert-manager' },
  MOORING_CA_LIFETIME: { given: '12h', expected: '12h' },
  MOORING_LEAF_LIFETIME: { given: '3h30m', expected: '3h30m' },
  OTEL_EXPORTER_OTLP_ENDPOINT: { given: 'http://collector:4318', expected: 'http://collector:4318' },
};

/** Path and schema of every value that ends in a variable: `logLevel`, `certificates.mode`. */
function withVariable(
  values: Readonly<Record<string, ValueSchema>>,
  prefix = '',
): [path: string, value: ValueSchema][] {
  return Object.entries(values).flatMap(([key, value]): [string, ValueSchema][] => {
    if (value.properties !== undefined) return withVariable(value.properties, `${prefix}${key}.`);
    return value.variable === undefined ? [] : [[`${prefix}${key}`, value]];
  });
}

const CONFIGURED = withVariable(chartValues);

describe("the chart's values", function () {
  this.timeout(60_000);

  async function environment(values: Record<string, unknown> = {}): Promise<Record<string, string>> {
    const objects = await renderChart({ values });
    const configMap = objects.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'mooring-environment',
    );
    return configMap?.['data'] as Record<string, string>;
  }

  it('cover every setting of the services', () => {
    const settings = Object.values(serviceConfigSchema.properties).map(({ variable }) => variable);
    const covered = [...CONFIGURED.map(([, { variable }]) => variable), ...NOT_IN_THE_CHART, ...FROM_THE_RELEASE];
    expect(covered.sort()).to.deep.equal(settings.sort());
  });

  it('give a service by default what it would take itself', async () => {
    const env = await environment();
    const sources = { defaults: { instanceId: 'any' } };
    expect(loadServiceConfig({ env, ...sources })).to.deep.equal(loadServiceConfig({ env: {}, ...sources }));
  });

  for (const [path, { variable = '' }] of CONFIGURED) {
    it(`hand ${path} to the services as ${variable}`, async () => {
      const { given, expected } = SAMPLES[variable] ?? { given: undefined, expected: '' };
      expect(await environment({ [path]: given })).to.include({ [variable]: expected });
    });
  }

  it('name every Setting, and hand each to its ConfigMap under its own name', async () => {
    const given = Object.keys(chartValues['defaultSettings']?.properties ?? {});
    const defaults = Object.entries<{ default: string }>(settingDefinitions);
    expect(given).to.have.length(defaults.length);
    // In the order of the source, so the values' keys are those of the definitions.
    const wanted = defaults.filter(([, definition]) => definition.default !== '');
    const values = Object.fromEntries(
      defaults.map(([, definition], index) => [`defaultSettings.${given[index] ?? ''}`, definition.default]),
    );
    const objects = await renderChart({ values });
    const configMap = objects.find(({ metadata }) => metadata.name === 'longhorn-default-resource');
    const lines = (configMap?.['data'] as Record<string, string>)['default-setting.yaml']?.split('\n');
    expect(lines?.sort()).to.deep.equal(wanted.map(([name, definition]) => `${name}: "${definition.default}"`).sort());
  });

  const refused: readonly [what: string, values: Record<string, unknown>][] = [
    ['a log level that a service would refuse', { logLevel: 'loud' }],
    ['a lifetime without a unit', { 'certificates.leafLifetime': '90' }],
    ['an endpoint that is no URL', { 'telemetry.otlpEndpoint': 'collector:4318' }],
    ['an unknown value of a component', { 'targetController.replica': 1 }],
    ['a digest that is none', { 'targetController.image.digest': 'latest' }],
    ['a label that the chart selects by', { 'commonLabels.app\\.kubernetes\\.io/name': 'other' }],
    ['a label that is no text', { 'podLabels.enabled': true }],
    ['a port that is none', { 'networkPolicy.apiServerPorts': [70_000] }],
    ['a setting out of its range', { 'defaultSettings.recurringJobMaxRetention': 251 }],
    ['a setting that is no choice', { 'defaultSettings.backupCompressionMethod': 'zstd' }],
  ];
  for (const [what, values] of refused) {
    it(`do not take ${what}`, async () => {
      const error: unknown = await renderChart({ values }).catch((reason: unknown) => reason);
      expect(String(error)).to.include("don't meet the specifications of the schema");
    });
  }
});
