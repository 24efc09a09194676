import { expect } from 'chai';
import {
  ApiRequestError,
  applyObjects,
  createApiClient,
  createResourcePaths,
  eventually,
  renderChart,
  sharedControlPlane,
  testNamespace,
} from '@mooring/testing';
import type { ApiClient, KubeManifest, SharedControlPlane } from '@mooring/testing';

const READ = 'get,list,watch';
const LEASE = (service: string): string[] => [
  'create leases',
  `get,update leases:mooring-${service}`,
  'get namespaces:<release>',
];
const CERTIFICATE = [
  'create secrets',
  `${READ},patch secrets:mooring-webhook-tls,mooring-webhook-ca`,
  'create leases',
  'get,update leases:mooring-webhook-certificates',
];
const JOBS = [`${READ},create,delete jobs`];
const CONTROLLER_IN_OBJECTS = [`${READ} secrets`, 'create,patch events'];

/** `verb,verb resource,resource` or `verb resource:name,name`: everything that a service may do, where. Nothing else. */
interface Rights {
  readonly everywhere: readonly string[];
  readonly objects: readonly string[];
  readonly release: readonly string[];
}

const RIGHTS: Readonly<Record<string, Rights>> = {
  'mutating-webhook': {
    everywhere: [
      `${READ} backuptargets,volumes,settings`,
      'get snapshots,backups',
      'get,list backupvolumes',
      `${READ},patch mutatingwebhookconfigurations:mooring-mutating-webhook`,
    ],
    objects: [],
    release: CERTIFICATE,
  },
  'validating-webhook': {
    everywhere: [
      `${READ} backuptargets,volumes,settings`,
      'get snapshots,backups',
      'get,list backupvolumes',
      'list backupbackingimages',
      'get namespaces:<objects>',
      `${READ},patch validatingwebhookconfigurations:mooring-validating-webhook`,
    ],
    objects: ['get secrets'],
    release: CERTIFICATE,
  },
  'target-controller': {
    everywhere: [
      `${READ},create,patch backuptargets`,
      `${READ},create,patch,delete backupvolumes,backupbackingimages,systembackups`,
      'patch,update backuptargets/status,backupbackingimages/status,systembackups/status',
      `${READ} backups`,
      'get,create,patch settings',
      'get customresourcedefinitions:backuptargets.longhorn.io',
    ],
    objects: [...CONTROLLER_IN_OBJECTS, `${READ} configmaps:longhorn-default-resource`],
    release: LEASE('target-controller'),
  },
  'volume-controller': {
    everywhere: [
      `${READ},patch backupvolumes,volumes,backuptargets`,
      'patch,update backupvolumes/status,volumes/status',
      `${READ},create,patch,delete backups`,
      `${READ} settings`,
      'list,create recurringjobs',
      'get namespaces:<objects>',
      'get customresourcedefinitions:backupvolumes.longhorn.io',
    ],
    objects: CONTROLLER_IN_OBJECTS,
    release: [...LEASE('volume-controller'), ...JOBS],
  },
  'backup-controller': {
    everywhere: [
      `${READ},patch,delete backups`,
      `${READ},patch snapshots,recurringjobs,backupvolumes,backuptargets`,
      'patch,update backups/status,snapshots/status',
      `${READ} volumes,settings`,
      'get namespaces:<objects>',
      'get customresourcedefinitions:backups.longhorn.io',
    ],
    objects: CONTROLLER_IN_OBJECTS,
    release: [...LEASE('backup-controller'), ...JOBS],
  },
  mover: {
    everywhere: [],
    objects: [
      'get backups,snapshots,volumes,backuptargets',
      'patch backups/status,snapshots/status,volumes/status',
      'list recurringjobs',
      'get secrets',
    ],
    release: [],
  },
};

/** Requests that none of the services may make. `<release>` and `<objects>` are the two namespaces. */
const FORBIDDEN_TO_ALL: readonly [method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string][] = [
  ['GET', '/api/v1/secrets'],
  ['GET', '/api/v1/namespaces/<release>/secrets'],
  ['GET', '/api/v1/namespaces/<release>/secrets/another'],
  ['GET', '/api/v1/namespaces/kube-system/secrets'],
  ['POST', '/api/v1/namespaces/<objects>/secrets'],
  ['DELETE', '/api/v1/namespaces/<release>/secrets/mooring-webhook-tls'],
  ['GET', '/api/v1/namespaces/<release>/configmaps'],
  ['POST', '/api/v1/namespaces/<release>/pods'],
  ['POST', '/api/v1/namespaces/<release>/pods/any/exec'],
  ['GET', '/api/v1/nodes'],
  ['GET', '/api/v1/namespaces'],
  ['DELETE', '/api/v1/namespaces/<objects>'],
  ['POST', '/api/v1/namespaces/<release>/serviceaccounts/mooring-target-controller/token'],
  ['PATCH', '/apis/apps/v1/namespaces/<release>/deployments/mooring-target-controller'],
  ['POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'],
  ['PATCH', '/apis/rbac.authorization.k8s.io/v1/clusterroles/mooring-target-controller'],
  ['POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/<release>/rolebindings'],
  ['PATCH', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/backups.longhorn.io'],
  ['DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/backups.longhorn.io'],
  ['DELETE', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/mooring-validating-webhook'],
  ['DELETE', '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/mooring-default-target'],
  ['DELETE', '/apis/coordination.k8s.io/v1/namespaces/<release>/leases/mooring-target-controller'],
  ['DELETE', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backuptargets/default'],
  ['DELETE', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backups'],
  ['DELETE', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backupvolumes'],
  ['DELETE', '/apis/longhorn.io/v1beta2/namespaces/<objects>/volumes/any'],
  ['DELETE', '/apis/longhorn.io/v1beta2/namespaces/<objects>/settings/any'],
];

/** What only some may do, tried with the others' tokens. */
const FORBIDDEN: readonly [service: string, method: 'POST' | 'PATCH' | 'DELETE', path: string][] = [
  ...['mutating-webhook', 'validating-webhook'].flatMap((service) =>
    (['backuptargets', 'backupvolumes', 'backups'] as const).flatMap(
      (plural): [string, 'POST' | 'PATCH' | 'DELETE', string][] => [
        [service, 'POST', `/apis/longhorn.io/v1beta2/namespaces/<objects>/${plural}`],
        [service, 'PATCH', `/apis/longhorn.io/v1beta2/namespaces/<objects>/${plural}/any`],
        [service, 'DELETE', `/apis/longhorn.io/v1beta2/namespaces/<objects>/${plural}/any`],
      ],
    ),
  ),
  [
    'mutating-webhook',
    'PATCH',
    '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/mooring-validating-webhook',
  ],
  ['target-controller', 'PATCH', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backups/any'],
  ['target-controller', 'PATCH', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backupvolumes/any/status'],
  ['volume-controller', 'PATCH', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backups/any/status'],
  ['volume-controller', 'DELETE', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backupvolumes/any'],
  ['volume-controller', 'PATCH', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backuptargets/any/status'],
  ['target-controller', 'PATCH', '/apis/longhorn.io/v1beta2/namespaces/<objects>/volumes/any/status'],
  ['target-controller', 'POST', '/apis/batch/v1/namespaces/<release>/jobs'],
  ['volume-controller', 'POST', '/apis/batch/v1/namespaces/<objects>/jobs'],
  ['backup-controller', 'DELETE', '/apis/batch/v1/namespaces/kube-system/jobs/any'],
  ['backup-controller', 'PATCH', '/apis/longhorn.io/v1beta2/namespaces/<objects>/volumes/any/status'],
  ['mover', 'PATCH', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backups/any'],
  ['mover', 'DELETE', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backups/any'],
  ['mover', 'PATCH', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backuptargets/any/status'],
  ['mover', 'PATCH', '/apis/longhorn.io/v1beta2/namespaces/<release>/backups/any/status'],
  ['mover', 'POST', '/apis/batch/v1/namespaces/<release>/jobs'],
  ['backup-controller', 'POST', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backups'],
  ['backup-controller', 'PATCH', '/apis/longhorn.io/v1beta2/namespaces/<objects>/backupvolumes/any/status'],
];

interface ResourceRule {
  verbs: string[];
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
}

/** `get,list secrets:a,b` as `get secrets:a`, `list secrets:a`, … */
function spread(right: string): string[] {
  const [verbs = '', what = ''] = right.split(' ');
  const [resources = '', names] = what.split(':');
  const targets = names === undefined ? resources.split(',') : names.split(',').map((name) => `${resources}:${name}`);
  return verbs.split(',').flatMap((verb) => targets.map((target) => `${verb} ${target}`));
}

function rightsIn(rules: readonly ResourceRule[]): string[] {
  return rules.flatMap(({ verbs, resources, resourceNames }) => {
    const names = resourceNames === undefined ? '' : `:${resourceNames.join(',')}`;
    return resources.flatMap((resource) => spread(`${verbs.join(',')} ${resource}${names}`));
  });
}

/** What every user of the cluster may ask about himself. */
function isAboutOneself({ apiGroups }: ResourceRule): boolean {
  return apiGroups.some((group) => group === 'authorization.k8s.io' || group === 'authentication.k8s.io');
}

describe("the services' rights", function () {
  this.timeout(60_000);
  let cluster: SharedControlPlane;
  let release: string;
  let objects: string;
  let applied: KubeManifest[] = [];
  const clients = new Map<string, ApiClient>();

  const place = (text: string): string => text.replaceAll('<release>', release).replaceAll('<objects>', objects);
  const as = (service: string): ApiClient => {
    const client = clients.get(service);
    if (client === undefined) throw new Error(`failed to find a client of ${service}`);
    return client;
  };

  before(async () => {
    cluster = await sharedControlPlane();
    release = (await testNamespace('release')).name;
    objects = (await testNamespace('objects')).name;
    const rendered = await renderChart({ namespace: release, values: { objectNamespace: objects } });
    const ofRights = /^(ServiceAccount|(Cluster)?Role(Binding)?)$/;
    applied = rendered.filter(({ kind }) => ofRights.test(kind));
    await applyObjects(cluster.api, applied);
    for (const service of Object.keys(RIGHTS)) {
      const { token } = await cluster.tokenFor({ namespace: release, name: `mooring-${service}` });
      clients.set(service, createApiClient({ server: cluster.server, caCertificate: cluster.caCertificate, token }));
    }
  });

  after(async () => {
    for (const client of clients.values()) client.close();
    const paths = createResourcePaths(cluster.api);
    for (const manifest of applied.filter(({ metadata }) => metadata.namespace === undefined)) {
      await cluster.api.request({ method: 'DELETE', path: await paths.object(manifest) });
    }
  });

  async function rightsOf(service: string, namespace: string): Promise<string[]> {
    const review = await as(service).request<{ status: { incomplete: boolean; resourceRules: ResourceRule[] } }>({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
      body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } },
    });
    expect(review.status.incomplete).to.equal(false);
    const rules = review.status.resourceRules.filter((rule) => !isAboutOneself(rule));
    return [...new Set(rightsIn(rules))].sort();
  }

  async function statusOf(service: string, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string): Promise<number> {
    const body = method === 'POST' || method === 'PATCH' ? {} : undefined;
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const query = method === 'GET' ? '' : '?dryRun=All';
    const request = as(service).request({ method, path: `${place(path)}${query}`, body, contentType });
    return request.then(
      () => 200,
      (error: unknown) => {
        if (error instanceof ApiRequestError) return error.status;
        throw error;
      },
    );
  }

  for (const [service, rights] of Object.entries(RIGHTS)) {
    it(`of ${service} are these and no others, in each namespace`, async () => {
      const wanted = (own: readonly string[]): string[] =>
        [...new Set([...rights.everywhere, ...own].flatMap((right) => spread(place(right))))].sort();
      expect(await rightsOf(service, objects)).to.deep.equal(wanted(rights.objects));
      expect(await rightsOf(service, release)).to.deep.equal(wanted(rights.release));
      expect(await rightsOf(service, 'kube-system')).to.deep.equal(wanted([]));
    });

    it(`let ${service} read the targets, and refuse what no service may do`, async () => {
      // 429: the API server is still opening the storage of a CRD that has only just come.
      const target = '/apis/longhorn.io/v1beta2/namespaces/<objects>/backuptargets/any';
      await eventually(async () => (await statusOf(service, 'GET', target)) === 404);
      const passed: string[] = [];
      for (const [method, path] of FORBIDDEN_TO_ALL) {
        const status = await statusOf(service, method, path);
        if (status !== 403) passed.push(`${method} ${path}: ${String(status)}`);
      }
      expect(passed).to.deep.equal([]);
    });
  }

  it("refuse one service another one's writes", async () => {
    const passed: string[] = [];
    for (const [service, method, path] of FORBIDDEN) {
      const status = await statusOf(service, method, path);
      if (status !== 403) passed.push(`${service} ${method} ${path}: ${String(status)}`);
    }
    expect(passed).to.deep.equal([]);
  });
});
