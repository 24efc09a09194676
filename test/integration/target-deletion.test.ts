import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  API_VERSION,
  type BackupTarget,
  type BackupVolume,
  backupVolumeName,
  resources,
  type SystemBackup,
} from '@mooring/api';
import { coreResources } from '@mooring/runtime';
import { eventually } from '@mooring/testing';
import { FIXTURE_VOLUMES, FolderStore } from './folder-store.ts';
import { createTargetSetup, type TargetSetup } from './target-setup.ts';

describe('target-controller lets objects go', function () {
  this.timeout(60_000);
  let setup: TargetSetup;
  let store: FolderStore;

  beforeEach(async () => {
    setup = await createTargetSetup();
    store = await FolderStore.fixture();
    await setup.start();
  });

  afterEach(async () => {
    await setup.stop();
  });

  const create = async (): Promise<BackupTarget> => {
    await setup.createTarget('t', { backupTargetURL: store.url, pollInterval: '0s' });
    return setup.ready('t', 'True');
  };
  const isEmpty = async (): Promise<boolean> => {
    const types = [resources.backupVolumes, resources.backupBackingImages, resources.systemBackups];
    const objects = await Promise.all(types.map((type) => setup.list(type)));
    return objects.every((list) => list.length === 0);
  };

  it('when their target is deleted, and brings all back with a new target; the store is not touched', async () => {
    await create();
    const before = await digest(store.folder);
    await setup.deleteTarget('t');
    await eventually(async () => (await setup.get(resources.backupTargets, 't')) === undefined);
    await eventually(isEmpty);
    expect(await digest(store.folder)).to.equal(before);
    await create();
    expect(await setup.volumes('t')).to.deep.equal(FIXTURE_VOLUMES);
    expect(await digest(store.folder)).to.equal(before);
  });

  it('when their target’s store is gone for good', async () => {
    await create();
    await store.remove('.');
    await setup.patchTarget('t', { spec: { syncRequestedAt: '2026-01-01T00:00:00Z' } });
    await setup.deleteTarget('t');
    await eventually(async () => (await setup.get(resources.backupTargets, 't')) === undefined);
    await eventually(isEmpty);
  });

  it('of an earlier target of that name, as after kubectl replace --force', async () => {
    const old = await create();
    await setup.stop();
    setup = await createTargetSetup({ namespace: setup.namespace });
    // The old object goes without its controller; its children stay behind with its UID.
    await setup.deleteTarget('t');
    await setup.patchTarget('t', { metadata: { finalizers: null } });
    await setup.createTarget('t', { backupTargetURL: store.url, pollInterval: '0s' });
    await setup.start();
    const target = await setup.ready('t', 'True');
    expect(target.metadata.uid).to.not.equal(old.metadata.uid);
    const volumes = await setup.list<BackupVolume>(resources.backupVolumes);
    expect(volumes.map(({ metadata }) => metadata.annotations?.['mooring.io/target-uid'])).to.deep.equal(
      FIXTURE_VOLUMES.map(() => target.metadata.uid),
    );
  });

  it('of the whole namespace', async () => {
    await create();
    const { kube, namespace } = setup;
    await kube.delete(coreResources.namespaces, { name: namespace });
    await eventually(async () => (await kube.find(coreResources.namespaces, { name: namespace })) === undefined, {
      timeoutMs: 40_000,
      what: 'the namespace is gone',
    });
  });

  it('with a warning when a user deleted a system backup, which comes back at the next sync', async () => {
    await create();
    const before = await digest(store.folder);
    await setup.kube.delete(resources.systemBackups, { namespace: setup.namespace, name: 'demo' });
    await eventually(async () => (await setup.get(resources.systemBackups, 'demo')) === undefined);
    await eventually(async () => (await setup.reasons('demo')).includes('RemoteDeleteNotSupported'));
    await setup.sync('t');
    const demo = await setup.get<SystemBackup>(resources.systemBackups, 'demo');
    expect(demo?.status?.state).to.equal('Ready');
    expect(await digest(store.folder)).to.equal(before);
  });

  it('but adopts what Longhorn made, and removes second objects of a volume', async () => {
    const { kube, namespace } = setup;
    const make = (name: string, volumeName: string): Promise<unknown> =>
      kube.create(resources.backupVolumes, {
        apiVersion: API_VERSION,
        kind: 'BackupVolume',
        metadata: { namespace, name, labels: { 'backup-target': 't', 'backup-volume': volumeName, mine: 'yes' } },
        spec: { backupTargetName: 't', volumeName },
      });
    await make('bv-random', 'pvc-lz4');
    await eventually(async () => (await setup.get(resources.backupVolumes, 'bv-random')) !== undefined);
    await create();
    const adopted = await setup.get<BackupVolume>(resources.backupVolumes, 'bv-random');
    expect(adopted?.metadata.labels).to.include({ mine: 'yes', 'backup-volume': 'pvc-lz4' });
    expect(adopted?.metadata.finalizers).to.deep.equal(['longhorn.io']);
    expect(adopted?.metadata.annotations).to.have.property('mooring.io/target-uid');
    expect(adopted?.spec.syncRequestedAt).to.be.a('string');
    expect(await setup.get(resources.backupVolumes, backupVolumeName('pvc-lz4', 't'))).to.equal(undefined);

    await make('bv-second', 'pvc-lz4');
    await eventually(async () => (await setup.get(resources.backupVolumes, 'bv-second')) !== undefined);
    await setup.sync('t');
    await setup.sync('t');
    expect(await setup.volumes('t')).to.deep.equal(FIXTURE_VOLUMES);
    expect(await setup.get(resources.backupVolumes, 'bv-second')).to.equal(undefined);
  });
});

/** One hash over the names and bytes of all files below a folder. */
async function digest(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(file).update(await readFile(file));
  return hash.digest('hex');
}
