import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { kinds } from '@mooring/api';
import { ensureBinaries, renderChart } from '@mooring/testing';
import type { KubeManifest } from '@mooring/testing';
import { repositoryFolder } from './admission-cluster.ts';

const run = promisify(execFile);

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

interface WebhookEntry {
  name: string;
  failurePolicy: string;
  sideEffects: string;
  matchPolicy: string;
  timeoutSeconds: number;
  clientConfig: { url?: string; service?: object; caBundle?: string };
  namespaceSelector: object;
  matchConditions: { name: string; expression: string }[];
  rules: { operations: string[]; resources: string[] }[];
}

/** Operations by resource, as longhorn-manager.md §2.2 registers them. */
const REVIEWED = {
  mutating: {
    backuptargets: 'CU',
    backupvolumes: 'CU',
    backups: 'CU',
    backupbackingimages: 'CU',
    systembackups: 'CU',
    volumes: 'CU',
    snapshots: 'CU',
    recurringjobs: 'CU',
    settings: 'CU',
  },
  validating: {
    backuptargets: 'CUD',
    volumes: 'CUD',
    snapshots: 'CUD',
    settings: 'CUD',
    backupvolumes: 'CU',
    backups: 'CU',
    recurringjobs: 'CU',
    backupbackingimages: 'C',
    systembackups: 'C',
  },
} as const;

describe('the chart', function () {
  this.timeout(60_000);
  let objects: KubeManifest[];

  before(async () => {
    objects = await renderChart();
  });

  function find(kind: string, name: string, from = objects): KubeManifest {
    const found = from.find((object) => object.kind === kind && object.metadata.name === name);
    if (found === undefined) throw new Error(`failed to find ${kind} '${name}' in the chart`);
    return found;
  }
  function webhook(name: 'mutating' | 'validating', from = objects): WebhookEntry {
    const kind = name === 'mutating' ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration';
    const [entry] = find(kind, `mooring-${name}-webhook`, from)['webhooks'] as WebhookEntry[];
    if (entry === undefined) throw new Error(`failed to find a webhook in '${name}'`);
    return entry;
  }

  it('passes helm lint --strict', async () => {
    const { helm } = await ensureBinaries(['helm']);
    await run(helm, ['lint', '--strict', `${repositoryFolder}/charts/mooring`]);
  });

  it('brings a CRD for every kind, and would keep them in a release', () => {
    const crds = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(crds.map(({ metadata }) => metadata.name).sort()).to.deep.equal(
      kinds.map(({ resource }) => `${resource.plural}.${resource.group}`).sort(),
    );
    for (const { metadata } of crds) expect(metadata.annotations).to.include({ 'helm.sh/resource-policy': 'keep' });
  });

  it('creates the object namespace to stay, and none when it is the release namespace', async () => {
    expect(find('Namespace', 'longhorn-system').metadata.annotations).to.include({ 'helm.sh/resource-policy': 'keep' });
    const same = await renderChart({ namespace: 'one', values: { objectNamespace: 'one' } });
    expect(same.filter(({ kind }) => kind === 'Namespace')).to.deep.equal([]);
  });

  for (const name of ['mutating', 'validating'] as const) {
    it(`registers the ${name} webhook for exactly the kinds and operations that have rules, failing closed`, () => {
      const entry = webhook(name);
      expect(entry).to.deep.include({
        name: name === 'mutating' ? 'mutator.longhorn.io' : 'validator.longhorn.io',
        failurePolicy: 'Fail',
        sideEffects: 'None',
        matchPolicy: 'Equivalent',
        timeoutSeconds: 10,
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'longhorn-system' } },
      });
      const registered = entry.rules.flatMap(({ operations, resources }) =>
        resources.map((resource) => [resource, operations.map((operation) => operation.slice(0, 1)).join('')]),
      );
      expect(Object.fromEntries(registered)).to.deep.equal(REVIEWED[name]);
    });

    it(`lets the ${name} webhook write its caBundle itself, and calls a Service or a URL`, async () => {
      expect(webhook(name).clientConfig).to.deep.equal({
        service: {
          namespace: 'mooring-system',
          name: `mooring-${name}-webhook`,
          path: name === 'mutating' ? '/v1/webhook/mutation' : '/v1/webhook/validation',
          port: 443,
        },
      });
      const byUrl = await renderChart({ values: { webhooks: { [name]: { url: 'https://127.0.0.1:9443' } } } });
      expect(webhook(name, byUrl).clientConfig)
        .to.have.property('url')
        .that.matches(/^https:\/\/127\.0\.0\.1:9443\/v1\/webhook\//);
    });

    it(`exempts the controllers and the cluster's own deleters from the ${name} webhook`, async () => {
      const moved = await renderChart({ namespace: 'elsewhere', values: { exemptDeleteUsers: ["o'brien"] } });
      const text = webhook(name, moved)
        .matchConditions.map(({ expression }) => expression)
        .join('\n');
      for (const service of ['target', 'volume', 'backup']) {
        expect(text).to.include(`'system:serviceaccount:elsewhere:mooring-${service}-controller'`);
      }
      expect(text).to.include("'system:serviceaccount:kube-system:namespace-controller'");
      expect(text).to.include("'system:serviceaccount:kube-system:generic-garbage-collector'");
      expect(text).to.include("'system:kube-controller-manager'");
      expect(text).to.include(String.raw`'o\'brien'`);
      expect(text).to.not.include('mooring-system');
    });
  }

  it('binds every policy to deny', () => {
    for (const name of ['mooring-default-target', 'mooring-collection-delete', 'mooring-object-namespace']) {
      expect(find('ValidatingAdmissionPolicy', name)['spec']).to.include({ failurePolicy: 'Fail' });
      const binding = find('ValidatingAdmissionPolicyBinding', name);
      expect(binding['spec']).to.deep.equal({ policyName: name, validationActions: ['Deny'] });
    }
  });

  it('gives nobody a wildcard, and Secrets only in the two namespaces', () => {
    const roles = objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
    for (const role of roles) {
      for (const rule of role['rules'] as Rule[]) {
        const all = [...rule.apiGroups, ...rule.resources, ...rule.verbs].join(' ');
        expect(all, role.metadata.name).to.not.include('*');
        if (role.kind === 'ClusterRole') expect(rule.resources, role.metadata.name).to.not.include('secrets');
        // Rights on our own kinds must outlive the object namespace, or nobody could remove their finalizers: a mover does not.
        const isOurs = rule.apiGroups.includes('longhorn.io');
        if (role.metadata.name === 'mooring-mover-objects') expect(role.metadata.namespace).to.equal('longhorn-system');
        else
          expect(isOurs, role.metadata.name).to.equal(role.kind === 'ClusterRole' && rule.resourceNames === undefined);
      }
    }
  });

  it('binds every role to one ServiceAccount of its own', () => {
    const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name);
    const bindings = objects.filter(({ kind }) => kind.endsWith('RoleBinding'));
    expect(accounts).to.have.length(6);
    for (const binding of bindings) {
      const subjects = binding['subjects'] as { kind: string; name: string; namespace: string }[];
      expect(subjects).to.have.length(1);
      expect(accounts).to.include(subjects[0]?.name);
      expect(subjects[0]?.namespace).to.equal('mooring-system');
      expect((binding['roleRef'] as { name: string }).name).to.equal(binding.metadata.name);
    }
  });

  const stores: readonly [object, string][] = [
    [{}, ''],
    [{ backupTarget: null, backupTargetCredentialSecret: null, pollInterval: null }, ''],
    [{ backupTarget: 's3://b@r/' }, 'backup-target: "s3://b@r/"'],
    [{ pollInterval: 0 }, 'backupstore-poll-interval: "0"'],
    [{ pollInterval: 86400000 }, 'backupstore-poll-interval: "86400000"'],
    [
      { backupTarget: 'nfs://h:/p', backupTargetCredentialSecret: 's', pollInterval: '300' },
      'backup-target: "nfs://h:/p"\nbackup-target-credential-secret: "s"\nbackupstore-poll-interval: "300"',
    ],
  ];
  for (const [values, text] of stores) {
    it(`writes ${JSON.stringify(values)} in Longhorn's format`, async () => {
      const rendered = await renderChart({ values: { defaultBackupStore: values } });
      const configMap = find('ConfigMap', 'longhorn-default-resource', rendered);
      expect(configMap.metadata.namespace).to.equal('longhorn-system');
      expect(configMap['data']).to.deep.equal({ 'default-resource.yaml': text });
    });
  }

  const refused: readonly [string, Record<string, unknown>][] = [
    ['an unknown value', { replicas: 3 }],
    ['an unknown scheme', { allowedSchemes: ['ftp'] }],
    ['a webhook URL with a path', { webhooks: { mutating: { url: 'https://127.0.0.1/x' } } }],
    ['a webhook URL without TLS', { webhooks: { mutating: { url: 'http://127.0.0.1' } } }],
    ['a timeout that Kubernetes refuses', { webhooks: { timeoutSeconds: 60 } }],
    ['a poll interval with a unit', { defaultBackupStore: { pollInterval: '5m' } }],
    ['a namespace that is none', { objectNamespace: 'Not_A_Name' }],
  ];
  for (const [what, values] of refused) {
    it(`refuses ${what}`, async () => {
      const error: unknown = await renderChart({ values }).catch((reason: unknown) => reason);
      expect(String(error)).to.include("don't meet the specifications of the schema");
    });
  }
});
