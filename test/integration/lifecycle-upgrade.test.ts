import { expect } from 'chai';
import { type Backup, type BackupVolume, resources } from '@mooring/api';
import { eventually } from '@mooring/testing';
import { FolderStore } from './folder-store.ts';
import { digest, type LifecycleCluster, OBJECTS, startLifecycleCluster } from './lifecycle-cluster.ts';
import { createTarget } from './lifecycle-objects.ts';

const VOLUMES = 150;
const BACKUPS = 3;

describe('an upgrade while a target is synced', function () {
  this.timeout(300_000);
  let cluster: LifecycleCluster;

  before(async () => {
    cluster = await startLifecycleCluster({ runsServices: true });
  });

  after(() => cluster.stop());

  const count = async (): Promise<{ volumes: number; backups: number }> => {
    const volumes = await cluster.kube.list<BackupVolume>(resources.backupVolumes, { namespace: OBJECTS });
    const backups = await cluster.kube.list<Backup>(resources.backups, { namespace: OBJECTS });
    const synced = volumes.items.filter(({ status }) => Boolean(status?.lastSyncedAt));
    const completed = backups.items.filter(({ status }) => status?.state === 'Completed');
    return { volumes: synced.length, backups: completed.length };
  };

  it('loses no object, and neither does the rollback after it', async () => {
    const store = await FolderStore.create();
    for (let volume = 0; volume < VOLUMES; volume += 1) {
      await store.volume(`pvc-${String(volume)}`);
      for (let backup = 0; backup < BACKUPS; backup += 1) {
        await store.backup({ volume: `pvc-${String(volume)}`, backup: `backup-${String(volume)}-${String(backup)}` });
      }
    }
    await cluster.install();
    await createTarget(cluster, store);
    await eventually(async () => (await count()).backups > 0, {
      timeoutMs: 60_000,
      intervalMs: 100,
      what: 'a sync began',
    });
    const pods = new Set(cluster.node.services);
    // Other settings mean other Pods; each ends in the middle of its work, and its successor goes on.
    await cluster.upgrade('mooring', '--set', 'logLevel=debug');
    await store.volume('pvc-late');
    await store.backup({ volume: 'pvc-late', backup: 'backup-late' });
    const before = await digest(store.folder);
    await cluster.helm('rollback', 'mooring', '1');
    const wanted = { volumes: VOLUMES + 1, backups: VOLUMES * BACKUPS + 1 };
    await eventually(async () => JSON.stringify(await count()) === JSON.stringify(wanted), {
      timeoutMs: 120_000,
      intervalMs: 500,
      what: 'all volumes and backups are there',
    });
    await eventually(() => new Set(cluster.node.services).size === pods.size, { timeoutMs: 60_000 });
    expect(await digest(store.folder)).to.equal(before);
  });
});
