import { expect } from 'chai';
import {
  type BackupBackingImage,
  type BackupTarget,
  type BackupVolume,
  resources,
  type ResourceType,
  type SystemBackup,
} from '@mooring/api';
import { eventually } from '@mooring/testing';
import { FIXTURE_VOLUMES, FolderStore } from '../integration/folder-store.ts';
import { createTargetSetup, type TargetSetup } from '../integration/target-setup.ts';

describe('target-controller killed at any write', function () {
  this.timeout(120_000);

  it('ends in the state of a sync that was never disturbed', async () => {
    const setups: TargetSetup[] = [];
    try {
      const undisturbed = await syncedState(Infinity, setups);
      let died = true;
      let kills = 0;
      for (let writes = 0; died; writes += writes < 10 ? 1 : 4) {
        const { state, hasDied } = await syncedState(writes, setups);
        died = hasDied;
        kills += Number(hasDied);
        expect(state, `killed after ${String(writes)} writes`).to.deep.equal(undisturbed.state);
      }
      expect(kills).to.be.greaterThan(10);
    } finally {
      for (const setup of setups) await setup.stop();
    }
  });

  it('while a target is deleted leaves nothing behind', async () => {
    for (const writes of [0, 1, 2, 5, 9]) {
      const setup = await createTargetSetup();
      try {
        const store = await FolderStore.fixture();
        const first = await setup.start();
        await setup.createTarget('t', { backupTargetURL: store.url, pollInterval: '0s' });
        await setup.ready('t', 'True');
        await first.stop();
        const killed = await setup.start({ dieAfterWrites: writes });
        await setup.deleteTarget('t');
        await eventually(() => killed.isDead());
        await killed.stop();
        await setup.start();
        await eventually(async () => (await setup.get(resources.backupTargets, 't')) === undefined);
        await eventually(async () => (await setup.list(resources.backupVolumes)).length === 0);
        await eventually(async () => (await setup.list(resources.backupBackingImages)).length === 0);
      } finally {
        await setup.stop();
      }
    }
  });
});

/** Syncs the fixture store with a process that dies after so many writes and one that follows; gives what is left. */
async function syncedState(
  dieAfterWrites: number,
  setups: TargetSetup[],
): Promise<{ state: unknown; hasDied: boolean }> {
  const setup = await createTargetSetup();
  setups.push(setup);
  const store = await FolderStore.fixture();
  const first = await setup.start({ dieAfterWrites });
  await setup.createTarget('t', { backupTargetURL: store.url, pollInterval: '0s' });
  const hasDied = await eventually(async () => {
    if (first.isDead()) return 'dead';
    const target = await setup.get<BackupTarget>(resources.backupTargets, 't');
    return target?.status?.lastSyncedAt ? 'done' : false;
  });
  await first.stop();
  const second = await setup.start();
  await setup.ready('t', 'True');
  const state = await stateOf(setup);
  await second.stop();
  expect(await setup.volumes('t')).to.deep.equal(FIXTURE_VOLUMES);
  return { state, hasDied: hasDied === 'dead' };
}

/** Everything but what differs between any two runs: UIDs, times, the store's folder and identity. */
async function stateOf(setup: TargetSetup): Promise<unknown> {
  const target = await setup.get<BackupTarget>(resources.backupTargets, 't');
  const all = async (type: ResourceType, pick: (object: never) => unknown): Promise<unknown[]> =>
    (await setup.list<BackupTarget>(type)).map((object) => [
      object.metadata.name,
      object.metadata.labels,
      object.metadata.finalizers,
      pick(object as never),
    ]);
  return {
    target: target?.status?.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]),
    volumes: await all(resources.backupVolumes, ({ spec }: BackupVolume) => [spec.volumeName, spec.backupTargetName]),
    images: await all(resources.backupBackingImages, ({ spec, status }: BackupBackingImage) => [
      spec,
      status?.state,
      status?.size,
      status?.checksum,
    ]),
    systemBackups: await all(resources.systemBackups, ({ status }: SystemBackup) => [
      status?.state,
      status?.version,
      status?.createdAt,
    ]),
  };
}
