import { expect } from 'chai';
import { API_VERSION, type BackupTarget, resources } from '@mooring/api';
import { coreResources, KubeClient } from '@mooring/runtime';
import {
  applyObjects,
  type ControlPlane,
  eventually,
  readCrds,
  startControlPlane,
  temporaryFolder,
} from '@mooring/testing';
import { FIXTURE_VOLUMES, FolderStore } from '../integration/folder-store.ts';
import { createTargetSetup, type TargetSetup } from '../integration/target-setup.ts';

describe('target-controller when its kinds are deleted', function () {
  this.timeout(120_000);
  let controlPlane: ControlPlane;
  let setup: TargetSetup;

  before(async () => {
    controlPlane = await startControlPlane({ dataDir: await temporaryFolder('target-crds') });
    await applyObjects(controlPlane.api, await readCrds());
    const kube = await KubeClient.fromKubeconfig(controlPlane.kubeconfig);
    const namespace = 'objects';
    await kube.create(coreResources.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
    kube.close();
    setup = await createTargetSetup({ kubeconfig: controlPlane.kubeconfig, namespace });
  });

  after(async () => {
    await setup.stop();
    await controlPlane.stop();
  });

  it('lets every object go, and mirrors again when the kinds are back', async () => {
    const store = await FolderStore.fixture();
    await setup.start();
    await setup.createTarget('t', { backupTargetURL: store.url, pollInterval: '1s' });
    await setup.ready('t', 'True');
    const types = [
      resources.backupTargets,
      resources.backupVolumes,
      resources.backups,
      resources.backupBackingImages,
      resources.systemBackups,
    ];
    const names = types.map(({ plural, group }) => `${plural}.${group}`);
    await Promise.all(names.map((name) => setup.kube.delete(coreResources.customResourceDefinitions, { name })));
    await eventually(async () => (await Promise.all(names.map(isGone))).every(Boolean), {
      timeoutMs: 60_000,
      what: 'the CRDs are gone',
    });

    await applyObjects(controlPlane.api, await readCrds());
    const metadata = { namespace: setup.namespace, name: 't' };
    const spec = { backupTargetURL: store.url, pollInterval: '0s' };
    const object = { apiVersion: API_VERSION, kind: 'BackupTarget', metadata, spec };
    await eventually(() => setup.kube.create<BackupTarget>(resources.backupTargets, object));
    await eventually(async () => (await setup.volumes('t')).length === FIXTURE_VOLUMES.length, { timeoutMs: 60_000 });
    expect(await setup.volumes('t')).to.deep.equal(FIXTURE_VOLUMES);
  });

  const isGone = async (name: string): Promise<boolean> =>
    (await setup.kube.find(coreResources.customResourceDefinitions, { name })) === undefined;
});
