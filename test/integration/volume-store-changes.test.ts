import { expect } from 'chai';
import { type Backup, type BackupVolume, findCondition, resources } from '@mooring/api';
import { backupConfigKey, backupsPrefix, volumeConfigKey, volumePrefix } from '@mooring/backupstore';
import { eventually } from '@mooring/testing';
import { FolderStore } from './folder-store.ts';
import { startVolumeSetup, type VolumeSetup } from './volume-setup.ts';

describe('what changes in a store between two syncs', function () {
  this.timeout(60_000);
  let setup: VolumeSetup;
  let store: FolderStore;
  let volume: BackupVolume;
  let number = 0;

  before(async () => {
    setup = await startVolumeSetup();
    store = await FolderStore.create();
    await setup.target('default', store.url);
  });

  after(() => setup.stop());

  async function makeVolume(...backups: string[]): Promise<string> {
    const name = `pvc-${String(++number)}`;
    await store.volume(name);
    for (const backup of backups) await store.backup({ volume: name, backup: `${name}-${backup}` });
    volume = await setup.volume(name);
    await setup.settled();
    return name;
  }

  const stateOf = async (name: string): Promise<string | undefined> =>
    (await setup.get<Backup>(resources.backups, name))?.status?.state;

  const backupsOf = async (name: string): Promise<string[]> =>
    (await setup.list<Backup>(resources.backups))
      .filter(({ metadata }) => metadata.labels?.['backup-volume'] === name)
      .map(({ metadata }) => metadata.name)
      .sort();

  it('a backup that came gets an object, one that went loses it, the others are left alone', async () => {
    const name = await makeVolume('one', 'two');
    const before = await setup.get<Backup>(resources.backups, `${name}-two`);
    await store.backup({ volume: name, backup: `${name}-three` });
    await store.remove(backupConfigKey(name, `${name}-one`));
    await setup.sync(volume);
    await eventually(async () => (await backupsOf(name)).length === 2);
    expect(await backupsOf(name)).to.deep.equal([`${name}-three`, `${name}-two`]);
    const after = await setup.get<Backup>(resources.backups, `${name}-two`);
    expect(after?.metadata.resourceVersion).to.equal(before?.metadata.resourceVersion);
  });

  it('a backup in progress is shown as such, and completed when it is', async () => {
    const name = await makeVolume();
    const backup = `${name}-running`;
    await store.backup({ volume: name, backup, createdTime: '' });
    await setup.sync(volume);
    await setup.settled();
    const running = await setup.get<Backup>(resources.backups, backup);
    expect(running?.status).to.include({ state: 'InProgress', progress: 0 });
    expect(findCondition(running?.status?.conditions, 'Ready')).to.include({ status: 'False', reason: 'InProgress' });
    await store.backup({ volume: name, backup });
    await setup.sync(volume);
    await setup.settled();
    expect(await stateOf(backup)).to.equal('Completed');
  });

  it('a config that turned corrupt is reported on its own Backup, and heals', async () => {
    const name = await makeVolume('good', 'bad');
    await store.write(backupConfigKey(name, `${name}-bad`), '{"Name":"cut off');
    await setup.sync(volume);
    await setup.settled();
    const bad = await setup.get<Backup>(resources.backups, `${name}-bad`);
    expect(bad?.status?.state).to.equal('Error');
    expect(bad?.status?.messages?.['error']).to.match(/^failed to /);
    expect(findCondition(bad?.status?.conditions, 'Ready')).to.include({ status: 'False', reason: 'Corrupt' });
    expect(await stateOf(`${name}-good`)).to.equal('Completed');
    await store.backup({ volume: name, backup: `${name}-bad` });
    await setup.sync(volume);
    await setup.settled();
    expect(await stateOf(`${name}-bad`)).to.equal('Completed');
  });

  const foreign: [string, string][] = [
    ["another backup's config", '{"Name":"other","VolumeName":"x","SnapshotName":"s","CreatedTime":"t","Size":"1"}'],
    ['an empty object', '{}'],
    ['another text', '<html>login</html>'],
    ['nothing', ''],
  ];
  for (const [title, body] of foreign) {
    it(`${title} under a backup's name is an Error of that Backup alone`, async () => {
      const name = await makeVolume('good');
      await store.write(backupConfigKey(name, `${name}-bad`), body);
      await setup.sync(volume);
      await setup.settled();
      expect(await stateOf(`${name}-bad`)).to.equal('Error');
      expect(await stateOf(`${name}-good`)).to.equal('Completed');
    });
  }

  it('a corrupt volume.cfg spoils the volume’s status only: its backups still appear', async () => {
    const name = await makeVolume('one');
    await store.write(volumeConfigKey(name), 'garbage');
    await store.backup({ volume: name, backup: `${name}-two` });
    const after = await setup.sync(volume);
    await setup.settled();
    expect(await backupsOf(name)).to.deep.equal([`${name}-one`, `${name}-two`]);
    expect(await stateOf(`${name}-two`)).to.equal('Completed');
    expect(findCondition(after.status?.conditions, 'Ready')).to.include({ status: 'False', reason: 'Corrupt' });
    expect(after.status?.messages?.['error']).to.match(/volume\.cfg/);
    expect(after.status?.size, 'what was known stays').to.equal('1073741824');
  });

  it('a missing volume.cfg is reported in Longhorn’s words, and no Backup is removed for it', async () => {
    const name = await makeVolume('one', 'two');
    await store.remove(volumeConfigKey(name));
    await store.remove(backupConfigKey(name, `${name}-two`));
    const after = await setup.sync(volume);
    expect(findCondition(after.status?.conditions, 'Ready')).to.include({ status: 'False', reason: 'ConfigNotFound' });
    expect(after.status?.messages?.['error']).to.equal(`cannot find ${volumeConfigKey(name)} in backupstore`);
    expect(await backupsOf(name)).to.deep.equal([`${name}-one`, `${name}-two`]);
  });

  it('a folder that vanished leaves the Backups: whether the volume is gone is for the scan of the target to say', async () => {
    const name = await makeVolume('one', 'two');
    await store.remove(volumePrefix(name));
    await setup.sync(volume);
    expect(await backupsOf(name)).to.deep.equal([`${name}-one`, `${name}-two`]);
  });

  it('an empty backups folder beside volume.cfg is believed', async () => {
    const name = await makeVolume('one', 'two');
    await store.remove(backupsPrefix(name));
    const after = await setup.sync(volume);
    expect(findCondition(after.status?.conditions, 'Ready')?.status).to.equal('True');
    await eventually(async () => (await backupsOf(name)).length === 0);
  });

  it('a volume that grew says so in its own status', async () => {
    const name = await makeVolume('one');
    await store.volume(name, { size: '2147483648', lastBackupName: `${name}-one` });
    const after = await setup.sync(volume);
    expect(after.status).to.include({ size: '2147483648', lastBackupName: `${name}-one` });
  });

  it('a Backup that is asked by anybody is read again', async () => {
    const name = await makeVolume('one');
    const before = await setup.get<Backup>(resources.backups, `${name}-one`);
    await store.backup({ volume: name, backup: `${name}-one`, labels: { changed: 'yes' } });
    const spec = { syncRequestedAt: '2001-01-01T00:00:00Z' };
    const ref = { namespace: setup.namespace, name: `${name}-one` };
    await setup.kube.patch(resources.backups, ref, { spec }, { kind: 'merge' });
    await setup.settled();
    const after = await setup.get<Backup>(resources.backups, `${name}-one`);
    expect(before?.status?.labels ?? {}).to.deep.equal({});
    expect(after?.status?.labels).to.deep.equal({ changed: 'yes' });
  });

  it('labels lose the recurring jobs of the volume, which stay with the volume', async () => {
    const name = await makeVolume();
    const labels = {
      VolumeRecurringJobInfo: '{"job":{}}',
      RecurringJob: 'nightly',
      'longhorn.io/volume-access-mode': 'rwx',
    };
    await store.backup({ volume: name, backup: `${name}-labelled`, labels });
    await setup.sync(volume);
    await setup.settled();
    const backup = await setup.get<Backup>(resources.backups, `${name}-labelled`);
    expect(backup?.status?.labels).to.deep.equal({ RecurringJob: 'nightly', 'longhorn.io/volume-access-mode': 'rwx' });
  });
});
