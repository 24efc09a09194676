import { expect } from 'chai';
import { kinds, resources, type ResourceType } from '@mooring/api';
import {
  ApiRequestError,
  sharedControlPlane,
  type SharedControlPlane,
  testNamespace,
  type TestNamespace,
} from '@mooring/testing';

type Json = Record<string, unknown>;

/** Objects with every member that the Go structs of Longhorn serialise: null maps, null times, empty texts. */
const asLonghornWrites: { type: ResourceType; name: string; body: Json; status: Json }[] = [
  {
    type: resources.backupTargets,
    name: 'default',
    body: { spec: { backupTargetURL: '', credentialSecret: '', pollInterval: '0s', syncRequestedAt: null } },
    status: {
      ownerID: 'node-1',
      available: false,
      lastSyncedAt: null,
      conditions: [
        {
          type: 'Unavailable',
          status: 'True',
          lastProbeTime: '',
          lastTransitionTime: '2026-08-21T10:00:00Z',
          reason: 'Unavailable',
          message: 'backup target URL is empty',
        },
      ],
    },
  },
  {
    type: resources.backupVolumes,
    name: 'vol-0a1b2c3d',
    body: { spec: { backupTargetName: null, volumeName: 'vol', syncRequestedAt: '2026-08-21T10:00:00Z' } },
    status: {
      ownerID: '',
      lastModificationTime: null,
      size: '0',
      labels: null,
      createdAt: '',
      lastBackupName: '',
      lastBackupAt: '',
      dataStored: '',
      messages: null,
      backingImageName: '',
      backingImageChecksum: '',
      storageClassName: '',
      lastSyncedAt: null,
    },
  },
  {
    type: resources.backups,
    name: 'backup-0123456789abcdef',
    body: { spec: { snapshotName: '', labels: null, backupMode: '', backupBlockSize: '-1', syncRequestedAt: null } },
    status: {
      ownerID: '',
      state: '',
      progress: 0,
      replicaAddress: '',
      error: '',
      url: '',
      snapshotName: '',
      snapshotCreatedAt: '',
      backupCreatedAt: '',
      size: '',
      labels: null,
      messages: null,
      volumeName: '',
      volumeSize: '',
      volumeCreated: '',
      volumeBackingImageName: '',
      lastSyncedAt: null,
      compressionMethod: '',
      newlyUploadDataSize: '',
      reUploadedDataSize: '',
      backupTargetName: '',
    },
  },
  {
    type: resources.backupBackingImages,
    name: 'image-0a1b2c3d',
    body: {
      spec: { backingImage: 'image', userCreated: false, backupTargetName: null, labels: null, syncRequestedAt: null },
    },
    status: {
      backingImage: '',
      size: 0,
      labels: null,
      messages: null,
      backupCreatedAt: '',
      lastSyncedAt: null,
      state: '',
    },
  },
  {
    type: resources.systemBackups,
    name: 'demo',
    body: { spec: { volumeBackupPolicy: '' } },
    status: {
      ownerID: '',
      version: '',
      gitCommit: '',
      managerImage: '',
      state: '',
      conditions: null,
      createdAt: null,
      lastSyncedAt: null,
    },
  },
  {
    type: resources.volumes,
    name: 'vol',
    body: {
      spec: {
        size: '2147483648',
        fromBackup: '',
        restoreVolumeRecurringJob: 'ignored',
        Standby: false,
        backupCompressionMethod: 'lz4',
        backupBlockSize: '2097152',
        backupTargetName: 'default',
        accessMode: 'rwo',
        dataEngine: 'v1',
        numberOfReplicas: 3,
        diskSelector: null,
      },
    },
    status: {
      actualSize: 0,
      lastBackup: '',
      lastBackupAt: '',
      conditions: [],
      cloneStatus: { state: '' },
      kubernetesStatus: { pvName: '', workloadsStatus: null, lastPodRefAt: '', shadow: 1 },
    },
  },
  {
    type: resources.snapshots,
    name: 'snap',
    body: { spec: { volume: 'vol', createSnapshot: true, labels: null, somethingNew: { a: 1 } } },
    status: {
      children: null,
      labels: null,
      size: 0,
      restoreSize: 0,
      readyToUse: false,
      checksum: '',
      userCreated: true,
      extra: [1],
    },
  },
  {
    type: resources.recurringJobs,
    name: 'nightly',
    body: {
      spec: {
        name: 'nightly',
        groups: null,
        task: 'backup',
        cron: '0 2 * * *',
        retain: 7,
        concurrency: 2,
        labels: null,
        parameters: null,
      },
    },
    status: { ownerID: '', executionCount: 0 },
  },
  { type: resources.settings, name: 'failed-backup-ttl', body: { value: '1440' }, status: { applied: true } },
];

describe('the CRDs in a real API server', function () {
  this.timeout(120_000);
  let server: SharedControlPlane;
  let namespace: TestNamespace;

  before(async () => {
    server = await sharedControlPlane();
    namespace = await testNamespace('crds');
  });
  after(() => namespace.delete());

  const path = (type: ResourceType, name = '') =>
    `/apis/${type.group}/${type.version}/namespaces/${namespace.name}/${type.plural}${name === '' ? '' : `/${name}`}`;
  const manifest = (type: ResourceType, name: string, body: Json): Json => ({
    apiVersion: `${type.group}/${type.version}`,
    kind: type.kind,
    metadata: { name },
    ...body,
  });
  const create = (type: ResourceType, name: string, body: Json) =>
    server.api.request<Json>({
      method: 'POST',
      path: `${path(type)}?fieldValidation=Strict`,
      body: manifest(type, name, body),
    });
  const patch = (type: ResourceType, name: string, body: Json) =>
    server.api.request<Json>({
      method: 'PATCH',
      path: path(type, name),
      contentType: 'application/merge-patch+json',
      body,
    });
  const refusal = async (request: Promise<unknown>): Promise<string> => {
    const outcome = await request.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(outcome, 'the request was not refused').to.be.instanceOf(ApiRequestError);
    expect((outcome as ApiRequestError).status).to.equal(422);
    return (outcome as ApiRequestError).message;
  };

  it('are structural and served, all nine', async () => {
    for (const kind of kinds) {
      const name = `${kind.resource.plural}.${kind.resource.group}`;
      const crd = await server.api.request<{ status: { conditions: { type: string; status: string }[] } }>({
        path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`,
      });
      const states = Object.fromEntries(crd.status.conditions.map(({ type, status }) => [type, status]));
      expect(states, name).to.include({ Established: 'True', NamesAccepted: 'True' });
      expect(states['NonStructuralSchema'] ?? 'False', name).to.equal('False');
    }
  });

  for (const { type, name, body, status } of asLonghornWrites) {
    it(`take a ${type.kind} as Longhorn writes it, with its status, and give it back whole`, async () => {
      const created = await create(type, name, body);
      const written = await server.api.request<Json>({
        method: 'PUT',
        path: `${path(type, name)}/status`,
        body: { ...created, status },
      });
      for (const [member, value] of Object.entries({ ...body, status })) {
        if (typeof value === 'object') expect(written[member], member).to.deep.include(value);
        else expect(written[member], member).to.equal(value);
      }
    });
  }

  it('take the manifests of the design documents unchanged', async () => {
    const text = `
apiVersion: longhorn.io/v1beta2
kind: BackupTarget
metadata:
  name: azure-blob-server-001
spec:
  backupTargetURL: azblob://demo@core.windows.net/
  credentialSecret: azblob-secret
  pollInterval: 4m30s
---
apiVersion: longhorn.io/v1beta2
kind: Backup
metadata:
  labels:
    backup-volume: pvc-xxxxxxxx-9ab9-4055-9eb4-558999b09a11
  name: backup-test-001
spec:
  labels:
    longhorn.io/volume-access-mode: rwo
  snapshotName: xxxxxxxx-9a69-4ede-ab88-c9853459462c
---
apiVersion: longhorn.io/v1beta2
kind: Volume
metadata:
  labels:
    longhornvolume: restore-demo
  name: restore-demo
spec:
  restoreVolumeRecurringJob: "enabled"
  fromBackup: "nfs://nfs-sever.com:/opt/shared-path/?backup=backup-f6d9b9caa9444543&volume=backup1"
`;
    const [target, backup, volume] = await server.apply(text, { namespace: namespace.name });
    expect(target).to.have.nested.property('spec.pollInterval', '4m30s');
    expect(backup).to.have.nested.property('spec.snapshotName', 'xxxxxxxx-9a69-4ede-ab88-c9853459462c');
    expect(volume).to.have.nested.property('spec.restoreVolumeRecurringJob', 'enabled');
  });

  it('fill in what every reader relies on: an empty spec, the poll interval', async () => {
    const target = await create(resources.backupTargets, 'bare', {});
    expect(target['spec']).to.deep.equal({ pollInterval: '5m0s' });
    const backup = await create(resources.backups, 'bare', {});
    expect(backup['spec']).to.deep.equal({});
  });

  const refused: { what: string; type: ResourceType; body: Json; text: RegExp }[] = [
    {
      what: 'a poll interval without unit',
      type: resources.backupTargets,
      body: { spec: { pollInterval: '300' } },
      text: /spec\.pollInterval/,
    },
    {
      what: 'a time that is none',
      type: resources.backupTargets,
      body: { spec: { syncRequestedAt: 'now' } },
      text: /spec\.syncRequestedAt/,
    },
    {
      what: 'an unknown backup mode',
      type: resources.backups,
      body: { spec: { backupMode: 'half' } },
      text: /spec\.backupMode/,
    },
    {
      what: 'a block size as a number',
      type: resources.backups,
      body: { spec: { backupBlockSize: 2097152 } },
      text: /spec\.backupBlockSize/,
    },
    { what: 'a snapshot of no volume', type: resources.snapshots, body: { spec: {} }, text: /spec\.volume/ },
    {
      what: 'a backing image without userCreated',
      type: resources.backupBackingImages,
      body: { spec: { backingImage: 'i' } },
      text: /spec\.userCreated/,
    },
    { what: 'a setting without value', type: resources.settings, body: {}, text: /value/ },
    {
      what: 'two sources of one volume',
      type: resources.volumes,
      body: { spec: { source: { longhorn: {}, file: { path: '/tmp/x' } } } },
      text: /spec\.source/,
    },
    { what: 'no source in a source', type: resources.volumes, body: { spec: { source: {} } }, text: /exactly one of/ },
    {
      what: 'a claim without name',
      type: resources.volumes,
      body: { spec: { source: { persistentVolumeClaim: { namespace: 'x' } } } },
      text: /name/,
    },
  ];
  for (const { what, type, body, text } of refused) {
    it(`refuse ${what}`, async () => {
      expect(await refusal(create(type, 'refused', body))).to.match(text);
    });
  }

  it('refuse a target name of 64 characters and take one of 63', async () => {
    expect(await refusal(create(resources.backupTargets, 'a'.repeat(64), {}))).to.include('at most 63 characters');
    await create(resources.backupTargets, 'a'.repeat(63), {});
  });

  it('take each source of a volume alone', async () => {
    const sources = [
      { persistentVolumeClaim: { namespace: 'default', name: 'data' } },
      { file: { path: '/data/disk.img' } },
      { zfs: { pool: 'tank', dataset: 'vols/a' } },
      { longhorn: {} },
    ];
    for (const [index, source] of sources.entries()) {
      const volume = await create(resources.volumes, `source-${String(index)}`, { spec: { source } });
      expect(volume['spec']).to.deep.equal({ source });
    }
  });

  const immutable: { type: ResourceType; before: Json; after: Json; text: string }[] = [
    {
      type: resources.backupVolumes,
      before: { volumeName: 'a' },
      after: { volumeName: 'b' },
      text: 'volumeName is immutable',
    },
    {
      type: resources.backupVolumes,
      before: { volumeName: 'a' },
      after: { volumeName: null },
      text: 'volumeName is immutable',
    },
    {
      type: resources.backupVolumes,
      before: { backupTargetName: 'a' },
      after: { backupTargetName: 'b' },
      text: 'backupTargetName is immutable',
    },
    {
      type: resources.backups,
      before: { snapshotName: 'a' },
      after: { snapshotName: 'b' },
      text: 'snapshotName is immutable',
    },
    {
      type: resources.backups,
      before: { backupBlockSize: '2097152' },
      after: { backupBlockSize: '16777216' },
      text: 'backupBlockSize is immutable',
    },
    {
      type: resources.backupBackingImages,
      before: { backingImage: 'a', userCreated: true },
      after: { backingImage: 'b' },
      text: 'backingImage is immutable',
    },
    {
      type: resources.backupBackingImages,
      before: { backingImage: 'a', userCreated: true, backupTargetName: 'a' },
      after: { backupTargetName: 'b' },
      text: 'backupTargetName is immutable',
    },
    { type: resources.snapshots, before: { volume: 'a' }, after: { volume: 'b' }, text: 'volume is immutable' },
    {
      type: resources.volumes,
      before: { backupCompressionMethod: 'lz4' },
      after: { backupCompressionMethod: 'gzip' },
      text: 'backupCompressionMethod is immutable',
    },
    {
      type: resources.volumes,
      before: { backupBlockSize: '2097152' },
      after: { backupBlockSize: '16777216' },
      text: 'backupBlockSize is immutable',
    },
  ];
  for (const [index, { type, before: spec, after: changed, text }] of immutable.entries()) {
    it(`refuse to change ${Object.keys(changed).join()} of a ${type.kind} to ${JSON.stringify(Object.values(changed)[0])}`, async () => {
      const name = `immutable-${String(index)}`;
      await create(type, name, { spec });
      expect(await refusal(patch(type, name, { spec: changed }))).to.include(text);
    });
  }

  const settable: { type: ResourceType; before: Json; after: Json }[] = [
    { type: resources.backupVolumes, before: {}, after: { volumeName: 'a', backupTargetName: 'b' } },
    {
      type: resources.backupVolumes,
      before: { volumeName: '', backupTargetName: null },
      after: { volumeName: 'a', backupTargetName: 'b' },
    },
    { type: resources.backups, before: { backupBlockSize: '-1' }, after: { backupBlockSize: '16777216' } },
    { type: resources.volumes, before: { backupBlockSize: '0' }, after: { backupBlockSize: '2097152' } },
    {
      type: resources.backupBackingImages,
      before: { backingImage: 'i', userCreated: true, backupTargetName: null },
      after: { backupTargetName: 'b' },
    },
  ];
  for (const [index, { type, before: spec, after: changed }] of settable.entries()) {
    it(`let ${JSON.stringify(spec)} of a ${type.kind} become ${JSON.stringify(changed)}`, async () => {
      const name = `settable-${String(index)}`;
      await create(type, name, { spec });
      expect((await patch(type, name, { spec: changed }))['spec']).to.deep.include(changed);
    });
  }

  it('show the columns of the kinds, the mislabelled ones put right', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    for (const kind of kinds) {
      const table = await server.api.request<{ columnDefinitions: { name: string }[] }>({
        path: path(kind.resource),
        accept,
      });
      const names = table.columnDefinitions.map(({ name }) => name);
      expect(names, kind.resource.kind).to.deep.equal(['Name', ...kind.columns.map(({ name }) => name)]);
    }
  });

  it('explain their fields with units', async () => {
    const text = JSON.stringify(await server.api.request({ path: '/openapi/v3/apis/longhorn.io/v1beta2' }));
    expect(text).to.include('as a Go duration with units').and.to.include('In bytes, as a decimal string.');
    expect(text).to.include('RFC 3339, UTC.').and.to.include('Progress in percent');
  });
});
