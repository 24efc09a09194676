import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backup, type BackupTarget, type BackupVolume, findCondition, resources } from '@mooring/api';
import { volumePrefix } from '@mooring/backupstore';
import { coreResources } from '@mooring/runtime';
import {
  applyObjects,
  type ControlPlane,
  eventually,
  readCrds,
  startControlPlane,
  temporaryFolder,
} from '@mooring/testing';
import { expect } from 'chai';
import { FolderStore } from '../integration/folder-store.ts';
import { type HouseOptions, type HouseSetup, startHouseSetup } from '../integration/house-setup.ts';
import { bytesOf } from './store-bytes.ts';

// An API server takes some 10 s to let a definition go, and more when it is busy.
const LONG = { timeoutMs: 60_000 };

describe('what all controllers together do to a store whose volumes go', function () {
  this.timeout(180_000);
  let house: HouseSetup;
  let store: FolderStore;
  let bytes: string[];

  const isReady = ({ status }: BackupTarget): boolean => findCondition(status?.conditions, 'Ready')?.status === 'True';
  const createTarget = (): Promise<unknown> =>
    house.create('BackupTarget', 't', { spec: { backupTargetURL: store.url, pollInterval: '0s' } });
  const synced = (): Promise<unknown> =>
    eventually(async () => {
      const volumes = await house.list<BackupVolume>(resources.backupVolumes);
      const backups = await house.list<Backup>(resources.backups);
      const isSynced = (object: Backup | BackupVolume): boolean => Boolean(object.status?.lastSyncedAt);
      return volumes.length === 5 && backups.length > 5 && [...volumes, ...backups].every(isSynced);
    }, LONG);
  const begin = async (options: HouseOptions = {}): Promise<void> => {
    house = await startHouseSetup(options);
    store = await FolderStore.fixture();
    bytes = await bytesOf(store.folder);
    await createTarget();
    await house.until<BackupTarget>(resources.backupTargets, 't', isReady);
    await synced();
  };
  const objectOf = async (volume: string): Promise<string> => {
    const found = (await house.list<BackupVolume>(resources.backupVolumes)).find(
      ({ spec }) => spec.volumeName === volume,
    );
    return found?.metadata.name ?? '';
  };
  const nothingLeft = (): Promise<unknown> =>
    eventually(async () => {
      const left = [...(await house.list(resources.backupVolumes)), ...(await house.list(resources.backups))];
      return left.length === 0;
    }, LONG);

  afterEach(() => house.stop());

  it('a person deletes one: it goes from the store, and does not come back', async () => {
    await begin();
    const name = await objectOf('pvc-gzip');
    await house.remove(resources.backupVolumes, name);
    await house.gone(resources.backupVolumes, name);
    const rest = bytes.filter((line) => !line.includes(volumePrefix('pvc-gzip')));
    expect(rest).to.have.length.below(bytes.length);
    expect(await bytesOf(store.folder)).to.deep.equal(rest);
    const spec = { syncRequestedAt: new Date().toISOString() };
    const ref = { namespace: house.namespace, name: 't' };
    await house.kube.patch(resources.backupTargets, ref, { spec }, { kind: 'merge' });
    await house.until<BackupTarget>(
      resources.backupTargets,
      't',
      ({ status }) => status?.observedSyncRequestedAt === spec.syncRequestedAt,
    );
    expect(await house.list(resources.backupVolumes)).to.have.length(4);
    expect(await bytesOf(store.folder)).to.deep.equal(rest);
  });

  it('one vanishes from the store: its objects are tidied up, and no other byte goes', async () => {
    await begin();
    await rm(join(store.folder, volumePrefix('pvc-gzip')), { recursive: true });
    const rest = await bytesOf(store.folder);
    const spec = { syncRequestedAt: new Date().toISOString() };
    const ref = { namespace: house.namespace, name: 't' };
    await house.kube.patch(resources.backupTargets, ref, { spec }, { kind: 'merge' });
    await eventually(async () => (await house.list(resources.backupVolumes)).length === 4, LONG);
    expect(await bytesOf(store.folder)).to.deep.equal(rest);
  });

  it('the target is deleted, and made anew: no byte goes, and everything comes back', async () => {
    await begin();
    await house.remove(resources.backupTargets, 't');
    await nothingLeft();
    await house.gone(resources.backupTargets, 't');
    expect(await bytesOf(store.folder)).to.deep.equal(bytes);
    await createTarget();
    await synced();
    expect(await bytesOf(store.folder)).to.deep.equal(bytes);
  });

  it('the target is moved to an empty store: no byte goes', async () => {
    await begin();
    const other = await FolderStore.create();
    await other.volume('pvc-new');
    const spec = { backupTargetURL: other.url };
    const ref = { namespace: house.namespace, name: 't' };
    await house.kube.patch(resources.backupTargets, ref, { spec }, { kind: 'merge' });
    await eventually(async () => {
      const volumes = await house.list<BackupVolume>(resources.backupVolumes);
      return volumes.map((volume) => volume.spec.volumeName).join() === 'pvc-new';
    }, LONG);
    expect(await bytesOf(store.folder)).to.deep.equal(bytes);
    expect(await bytesOf(other.folder)).to.have.length(1);
  });

  it('the namespace is deleted: no byte goes', async () => {
    await begin();
    await house.kube.delete(coreResources.namespaces, { name: house.namespace });
    await nothingLeft();
    expect(await bytesOf(store.folder)).to.deep.equal(bytes);
  });

  describe('with the definitions of the kinds', () => {
    const controlPlanes: ControlPlane[] = [];
    after(() => Promise.all(controlPlanes.map((controlPlane) => controlPlane.stop())));

    for (const type of [resources.backupVolumes, resources.backupTargets]) {
      it(`those of ${type.plural} are deleted: no byte goes`, async () => {
        const controlPlane = await startControlPlane({ dataDir: await temporaryFolder('removal-crds') });
        controlPlanes.push(controlPlane);
        await applyObjects(controlPlane.api, await readCrds());
        await applyObjects(controlPlane.api, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'objects' } }]);
        await begin({ controlPlane, namespace: 'objects' });
        const name = `${type.plural}.${type.group}`;
        await house.kube.delete(coreResources.customResourceDefinitions, { name });
        await eventually(async () => {
          const definition = await house.kube.find<BackupVolume>(coreResources.customResourceDefinitions, { name });
          if (definition === undefined) return true;
          const left: unknown = await house.list(type).catch(String);
          throw new Error(`it is still there: ${JSON.stringify({ left, conditions: definition.status?.conditions })}`);
        }, LONG);
        expect(await bytesOf(store.folder)).to.deep.equal(bytes);
        expect(await refusedTargets(controlPlane)).to.deep.equal([]);
      });
    }
  });
});

/**
 * What the API server counted of targets that it did not create because their kind was going: it refuses most, but one that it takes (`default`,
 * made again) holds the deletion up for a minute.
 */
async function refusedTargets({ api }: ControlPlane): Promise<string[]> {
  const metrics = await api.request<string>({ path: '/metrics', accept: 'text/plain' });
  const parts = ['apiserver_request_total{', 'code="403"', 'resource="backuptargets"', 'verb="POST"'];
  return metrics.split('\n').filter((line) => parts.every((part) => line.includes(part)));
}
