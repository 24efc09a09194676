/** Every value of the chart, in the order of values.yaml. */
import { serviceConfigSchema } from '@mooring/config';
import { flag, fromSetting, group, text, textMap, texts } from '../value-schema.ts';
import type { ValueSchema } from '../value-schema.ts';
import { certificates } from './certificates.ts';
import { component, extraLabels, moverSecurityValues, podValues, securityValues } from './pods.ts';
import { metrics, networkPolicy } from './network.ts';
import { defaultBackupStore, defaultSettings } from './objects.ts';

const settings = serviceConfigSchema.properties;

/** What a Pod asks for. Measured in Pods of a one-node cluster, 60 s idle beside other work, 2026-11-21. */
const WEBHOOK = {
  resources: { requests: { cpu: '10m', memory: '80Mi' }, limits: { memory: '256Mi' } },
  measured:
    'Resources. Idle: 1 to 2m CPU, 31 to 34Mi of working set. No CPU limit: a throttled webhook is a slow kubectl',
};
const CONTROLLER = {
  resources: { requests: { cpu: '10m', memory: '80Mi' }, limits: { memory: '512Mi' } },
  measured: 'Resources. Idle: 1 to 2m CPU, 26 to 30Mi of working set; 20,000 Backups add 40Mi. No CPU limit',
};

const image = group('Images of the services: <registry>/<repository>/<service>:<tag>', {
  registry: text('Registry, with its port', { default: 'ghcr.io' }),
  repository: text('Path before the name of the service', { default: 'mooring' }),
  tag: text("Tag; empty = the chart's appVersion"),
  pullPolicy: text('When the kubelet pulls', { enum: ['Always', 'IfNotPresent', 'Never'], default: 'IfNotPresent' }),
  pullSecrets: texts('Names of Secrets in the release namespace that the kubelet pulls with'),
});

const webhookUrl = text(
  'Base URL of the webhook when it runs outside of the cluster, for example https://127.0.0.1:9443; empty = its Service',
  { pattern: '^$|^https://[^/?#]+$' },
);

const webhooks = group('How the API server calls the webhooks', {
  timeoutSeconds: {
    type: 'integer',
    description:
      'Seconds that the API server waits for a review. The webhooks give up by themselves one second earlier',
    minimum: 2,
    maximum: 30,
    default: 10,
  },
  mutating: group('mutating-webhook', { url: webhookUrl }),
  validating: group('validating-webhook', { url: webhookUrl }),
});

const components = {
  mutatingWebhook: component({ description: 'mutating-webhook: fills in defaults at admission', ...WEBHOOK }),
  validatingWebhook: component({
    description: 'validating-webhook: rejects what must never be stored',
    ...WEBHOOK,
  }),
  targetController: component({ description: 'target-controller: probes and scans the targets', ...CONTROLLER }),
  volumeController: component({ description: "volume-controller: lists each volume's backups", ...CONTROLLER }),
  backupController: component({ description: 'backup-controller: reads each backup', ...CONTROLLER }),
  mover: component({
    description:
      'mover: the Jobs that move the data of volumes, in the release namespace. They mount the folder of a volume from its node (hostPath), which the Pod Security Standards baseline and restricted forbid there',
    isDeployed: false,
    hasAccount: true,
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    measured: 'Resources of one Job. Memory does not grow with the volume, but with the blocks moved at once',
    more: moverSecurityValues,
  }),
  cli: component({
    description: "cli: the Jobs of helm's hooks",
    isDeployed: false,
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    measured: 'Resources of a Job that runs for seconds',
  }),
};

/** The keys of the components, all of one shape. */
export const componentKeys: ReadonlySet<string> = new Set(Object.keys(components));

/** The chart's values by key, in the order of values.yaml. `global` is helm's own and not listed. */
export const chartValues: Readonly<Record<string, ValueSchema>> = {
  objectNamespace: fromSetting(settings.objectNamespace, {
    description:
      'Namespace of the objects (BackupTarget, BackupVolume, Backup, …); made if it is not there, kept at an uninstall. It differs from the release namespace (workloads, Leases, the certificate), so that deleting it finds the controllers alive; both may be the same. Our kinds cannot be created in any other',
    pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
  }),
  allowedSchemes: fromSetting(settings.allowedSchemes, { minItems: 1, uniqueItems: true }),
  logLevel: fromSetting(settings.logLevel),
  defaultBackupStore,
  defaultSettings,
  crds: group('The CustomResourceDefinitions', {
    install: flag('Install and upgrade them with the chart. They stay at an uninstall, and so do the objects', {
      default: true,
    }),
  }),
  coexistence: group('A Longhorn that runs in the same cluster', {
    allow: fromSetting(settings.coexistence, {
      description:
        'Install beside it: no CRD is installed, objects that only it works on are left alone, and remote data are never deleted. Without it, the installation is refused where Longhorn owns the same kinds',
    }),
  }),
  workloads: group('What runs', {
    enabled: flag('false leaves out Deployments, Services, policies and hooks: the services run elsewhere', {
      default: true,
    }),
  }),
  image,
  ...components,
  commonLabels: textMap('Further labels of every object', extraLabels),
  commonAnnotations: textMap('Annotations of every object'),
  ...podValues,
  ...securityValues,
  webhooks,
  exemptDeleteUsers: texts(
    'Users besides the controllers of Kubernetes itself whose DELETE requests the webhooks and policies let pass, for example the user that another garbage collector runs as',
  ),
  certificates,
  networkPolicy,
  metrics,
  telemetry: group('Traces', { otlpEndpoint: fromSetting(settings.otlpEndpoint) }),
};
