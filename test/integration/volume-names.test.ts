import { expect } from 'chai';
import { type Backup, isObjectName, labelValue, resources } from '@mooring/api';
import { eventually } from '@mooring/testing';
import { FolderStore } from './folder-store.ts';
import { startVolumeSetup, type VolumeSetup } from './volume-setup.ts';

const NAMES = ['b1', 'b'.repeat(64), 'b'.repeat(200), 'with_underscore', 'Upper.Case_', 'end_with-dash-'];

describe('names that the store allows and Kubernetes does not', function () {
  this.timeout(60_000);
  let setup: VolumeSetup;
  let store: FolderStore;

  before(async () => {
    setup = await startVolumeSetup();
    store = await FolderStore.create();
    await setup.target('default', store.url);
  });

  after(() => setup.stop());

  const byStoreName = async (): Promise<Map<string | undefined, Backup>> => {
    const backups = await setup.list<Backup>(resources.backups);
    return new Map(backups.map((backup) => [backup.metadata.annotations?.['mooring.io/store-name'], backup]));
  };

  for (const volumeName of ['v1', 'v'.repeat(64), 'v'.repeat(200), 'volume_with_underscore']) {
    const short = volumeName.length > 30 ? `a name of ${String(volumeName.length)} characters` : `'${volumeName}'`;

    it(`reach their backups under a volume named ${short}`, async () => {
      await store.volume(volumeName);
      const names = NAMES.map((name) => `${name}${volumeName.slice(0, 1)}${String(volumeName.length)}`);
      for (const backup of names) await store.backup({ volume: volumeName, backup });
      await setup.volume(volumeName);
      await setup.settled();
      const found = await byStoreName();
      for (const backup of names) expectMirror(found.get(backup), { volumeName, backup });
    });
  }
});

function expectMirror(object: Backup | undefined, of: { volumeName: string; backup: string }): void {
  if (object === undefined) throw new Error(`there is no Backup of '${of.backup}'`);
  const { metadata, status } = object;
  expect(status, of.backup).to.include({ state: 'Completed', volumeName: of.volumeName });
  expect(status?.url).to.contain(`backup=${of.backup}&volume=${of.volumeName}`);
  expect(metadata.labels).to.include({ 'backup-volume': labelValue(of.volumeName) });
  expect(isObjectName(metadata.name)).to.equal(true);
  if (isObjectName(of.backup)) expect(metadata.name).to.equal(of.backup);
}

describe('the same backup names in two places', function () {
  this.timeout(60_000);
  let setup: VolumeSetup;
  let store: FolderStore;

  before(async () => {
    setup = await startVolumeSetup();
    store = await FolderStore.create();
    for (const volume of ['pvc-a', 'pvc-b']) {
      await store.volume(volume);
      await store.backup({ volume, backup: 'backup-1' });
    }
    await setup.target('default', store.url);
    await setup.target('replica', store.url);
    for (const target of ['default', 'replica']) {
      await Promise.all(['pvc-a', 'pvc-b'].map((volume) => setup.volume(volume, target)));
    }
    await setup.settled();
  });

  after(() => setup.stop());

  it('give one complete Backup each, one with the plain name, the others with a suffix', async () => {
    const backups = await eventually(async () => {
      const all = await setup.list<Backup>(resources.backups);
      return all.length === 4 && all.every(({ status }) => status?.state === 'Completed') && all;
    });
    const names = backups.map(({ metadata }) => metadata.name);
    expect(names.filter((name) => name === 'backup-1')).to.have.length(1);
    expect(names.filter((name) => /^backup-1-[0-9a-f]{8}$/.test(name))).to.have.length(3);
    const places = backups.map(({ metadata, status }) => {
      expect(metadata.labels?.['backup-target']).to.equal(status?.backupTargetName);
      expect(metadata.annotations?.['mooring.io/store-name']).to.equal('backup-1');
      return `${status?.backupTargetName ?? ''}/${status?.volumeName ?? ''}`;
    });
    expect(places).to.have.members(['default/pvc-a', 'default/pvc-b', 'replica/pvc-a', 'replica/pvc-b']);
  });

  it('and keep their names at the next sync', async () => {
    const namesNow = async (): Promise<string[]> =>
      (await setup.list<Backup>(resources.backups))
        .map(({ metadata }) => `${metadata.name} ${metadata.uid ?? ''}`)
        .sort();
    const before = await namesNow();
    for (const volume of await setup.list<Parameters<VolumeSetup['sync']>[0]>(resources.backupVolumes)) {
      await setup.sync(volume);
    }
    expect(await namesNow()).to.deep.equal(before);
  });
});
