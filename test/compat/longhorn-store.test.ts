import { cp, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  openStore,
  readVolumeConfig,
  removeBackingImage,
  removeBackup,
  removeVolume,
  restoreBackup,
  restoreIncremental,
  type ObjectStore,
} from '@mooring/backupstore';
import { temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { ImageDestination } from './image-destination.ts';
import { immediateClock } from './immediate-clock.ts';
import { readStrictly } from './reader.ts';

const FIXTURE = path.resolve(import.meta.dirname, '../fixtures/longhorn-store');
const clock = immediateClock();

// Which of images.sha256 each backup is.
const IMAGES: readonly [volume: string, backup: string, image: string][] = [
  ['pvc-lz4', 'backup-aaaaaaaaaaaa0001', 'snap1'],
  ['pvc-lz4', 'backup-aaaaaaaaaaaa0002', 'snap2'],
  ['pvc-gzip', 'backup-bbbbbbbbbbbb0001', 'snap1'],
  ['pvc-none', 'backup-cccccccccccc0001', 'snap1'],
  ['pvc-16m', 'backup-dddddddddddd0001', 'snapL'],
  ['pvc-16m', 'backup-dddddddddddd0002', 'snapL'],
];

async function readDigests(): Promise<Map<string, string>> {
  const lines = (await readFile(path.join(FIXTURE, 'images.sha256'), 'utf8')).trim().split('\n');
  return new Map(lines.map((line): [string, string] => [line.slice(66), line.slice(0, 64)]));
}

describe('a store written by Longhorn', () => {
  let root: string;
  let store: ObjectStore;
  let digests: Map<string, string>;
  before(async function () {
    this.timeout(120_000);
    digests = await readDigests();
    await readStrictly(path.join(FIXTURE, 'store'));
  });
  beforeEach(async () => {
    root = await temporaryFolder('longhorn-store');
    await cp(path.join(FIXTURE, 'store'), root, { recursive: true });
    store = await openStore({ url: `vfs://${root}` });
  });

  async function restore(volume: string, backup: string): Promise<ImageDestination> {
    const { config } = await readVolumeConfig(store, volume);
    const destination = new ImageDestination(Number(config.size));
    await restoreBackup({ store, volume, backup, destination, clock });
    return destination;
  }

  it('breaks no rule of the strict reader, which restores every image', async () => {
    const report = await readStrictly(root);
    expect(report.problems).to.deep.equal([]);
    for (const [volume, backup, image] of IMAGES) expect(report.volumes[volume]?.[backup]).to.equal(digests.get(image));
    expect(report.backingImages['odd-bi']).to.equal(digests.get('odd.img'));
  });

  for (const [volume, backup, image] of IMAGES) {
    it(`restores ${backup} of ${volume} to ${image}`, async () => {
      const destination = await restore(volume, backup);
      expect(destination.sha256).to.equal(digests.get(image));
      expect(destination.outcome).to.equal('committed');
    });
  }

  it('brings a volume from one backup to the next', async () => {
    const destination = await restore('pvc-lz4', 'backup-aaaaaaaaaaaa0001');
    const pair = { lastBackup: 'backup-aaaaaaaaaaaa0001', backup: 'backup-aaaaaaaaaaaa0002' };
    await restoreIncremental({ store, volume: 'pvc-lz4', ...pair, destination, gone: 'hole', clock });
    expect(destination.sha256).to.equal(digests.get('snap2'));
  });

  for (const [volume, backup] of IMAGES) {
    it(`stays right when ${backup} of ${volume} is removed`, async () => {
      await removeBackup({ store, volume, backup, clock });
      const report = await readStrictly(root);
      expect(report.problems).to.deep.equal([]);
      const left = IMAGES.filter((entry) => entry[0] === volume && entry[1] !== backup);
      expect(Object.keys(report.volumes[volume] ?? {})).to.deep.equal(left.map((entry) => entry[1]));
      for (const [, name, image] of left) expect(report.volumes[volume]?.[name]).to.equal(digests.get(image));
    });
  }

  it('stays right when a backing image or a volume is removed', async () => {
    await removeBackingImage({ store, name: 'ubuntu-bi', clock });
    await removeVolume({ store, volume: 'pvc-lz4', clock });
    const report = await readStrictly(root);
    expect(report.problems).to.deep.equal([]);
    expect(report.backingImages).to.deep.equal({ 'odd-bi': digests.get('odd.img') });
    expect(report.volumes).to.not.have.property('pvc-lz4');
    await removeBackingImage({ store, name: 'odd-bi', clock });
    expect((await readStrictly(root)).problems).to.deep.equal([]);
  });
});
