import {
  backupConfigKey,
  encodeBackupConfig,
  encodeLock,
  isStoreError,
  locksPrefix,
  readVolumeConfig,
  removeBackup,
  restoreBackup,
  volumeConfigKey,
  volumePrefix,
  type SweepResult,
} from '@mooring/backupstore';
import { expect } from 'chai';
import { ImageDestination } from '../compat/image-destination.ts';
import { BackupstoreRig, StrictReadings } from './backupstore-rig.ts';
import { backupConfig, digestOf, VOLUME, VOLUME_BYTES } from './small-store.ts';

const DAY_MS = 24 * 3600 * 1000;
const FOREIGN = 'lock-00000000000000aa';
const IN_PROGRESS = { ...backupConfig('backup-1'), name: 'backup-p', createdTime: '', blocks: [], parameters: null };

describe('removing beside others', function () {
  this.timeout(30_000);
  let rig: BackupstoreRig;
  beforeEach(async () => {
    rig = await BackupstoreRig.create();
  });

  async function remove(backup: string): Promise<SweepResult> {
    return await removeBackup({ store: rig.memory, volume: VOLUME, backup, clock: rig.clock });
  }

  async function expectSound(partial = false): Promise<void> {
    const readings = new StrictReadings();
    await readings.keep('store', rig.memory);
    await readings.expectSound({ partial });
  }

  async function putInProgress(ageMs: number): Promise<void> {
    const body = encodeBackupConfig({
      ...IN_PROGRESS,
      size: '0',
      labels: null,
      snapshotName: '',
      snapshotCreatedAt: '',
    });
    const now = (await rig.memory.put({ key: 'now', body: Buffer.from('') }), await rig.memory.head({ key: 'now' }))
      .mtimeMs;
    await rig.memory.delete(['now']);
    rig.memory.set(backupConfigKey(VOLUME, 'backup-p'), body, now - ageMs);
  }

  it('sweeps no block while a backup is in progress, says so, and still names the right last backup', async () => {
    await putInProgress(1000);
    const result = await remove('backup-3');
    expect(result).to.deep.equal({ blocksRemoved: 0, blocksKept: 0, skipped: "backup 'backup-p' is in progress" });
    const { config } = await readVolumeConfig(rig.memory, VOLUME);
    expect(config.lastBackupName).to.equal('backup-2');
    await expectSound(true);
    await rig.memory.delete([backupConfigKey(VOLUME, 'backup-p')]);
    expect((await remove('backup-3')).blocksRemoved).to.be.greaterThan(0);
    await expectSound();
  });

  it('clears an in-progress config that is over 24 hours old, and sweeps what it left', async () => {
    await putInProgress(DAY_MS + 1000);
    expect(await remove('backup-3')).to.not.have.property('skipped');
    await expectSound();
  });

  it('sweeps no block while a config is unreadable, and says so', async () => {
    const key = backupConfigKey(VOLUME, 'backup-2');
    const whole = (await rig.memory.get({ key })).body;
    for (const bad of [whole.subarray(0, whole.length - 5), Buffer.from(''), Buffer.from('<html>')]) {
      rig.memory.set(key, bad);
      const result = await remove('backup-1');
      expect(result).to.deep.include({ skipped: "the config of backup 'backup-2' cannot be read", blocksRemoved: 0 });
    }
    rig.memory.set(key, whole);
    await remove('backup-1');
    await expectSound();
  });

  it('sweeps no block when a store lists nothing, as one may after an outage', async () => {
    const list = rig.memory.list.bind(rig.memory);
    rig.memory.list = async (options) => {
      const page = await list(options);
      return options.prefix.endsWith('/blocks/') ? page : { objects: [], prefixes: [] };
    };
    const error = await remove('backup-1').catch((cause: unknown) => cause);
    expect(isStoreError(error, 'Unavailable'), String(error)).to.equal(true);
    rig.memory.list = list;
    await remove('backup-1');
    await expectSound();
  });

  it('leaves a foreign backup alone that appears while blocks are counted', async () => {
    const foreign = { ...backupConfig('backup-3'), name: 'backup-f' };
    let lists = 0;
    rig.memory.beforeCall = (operation, subject) => {
      if (operation !== 'list' || !subject.endsWith('/backups/') || ++lists !== 2) return;
      rig.memory.set(backupConfigKey(VOLUME, 'backup-f'), encodeBackupConfig(foreign));
    };
    await remove('backup-3');
    await expectSound();
    const destination = new ImageDestination(VOLUME_BYTES);
    await restoreBackup({ store: rig.memory, volume: VOLUME, backup: 'backup-f', destination, clock: rig.clock });
    expect(destination.sha256).to.equal(digestOf('backup-3'));
  });

  it('two at once end with a sound store', async () => {
    const results = await Promise.all([remove('backup-1'), remove('backup-2')]);
    expect(results.some(({ skipped }) => skipped === undefined)).to.equal(true);
    await remove('backup-1');
    await expectSound();
  });

  it('waits while a restore runs, and a restore while it runs', async () => {
    const destination = new ImageDestination(VOLUME_BYTES);
    const common = { store: rig.memory, volume: VOLUME, clock: rig.clock };
    await Promise.all([restoreBackup({ ...common, backup: 'backup-2', destination }), remove('backup-1')]);
    expect(destination.sha256).to.equal(digestOf('backup-2'));
    await expectSound();
  });

  for (const skewMs of [-600_000, 600_000]) {
    it(`respects a live lock of a backup, and passes over an expired one, with a clock ${String(skewMs / 60_000)} minutes off`, async () => {
      rig = await BackupstoreRig.create({ skewMs });
      const key = `${locksPrefix(VOLUME)}${FOREIGN}.lck`;
      await rig.memory.put({ key, body: encodeLock({ name: FOREIGN, type: 1, acquired: true }) });
      const waits: string[] = [];
      let isReleased = false;
      const done = removeBackup({
        ...{ store: rig.memory, volume: VOLUME, backup: 'backup-1', clock: rig.clock },
        onWaiting: ({ reason }) => {
          waits.push(reason);
          expect(isReleased).to.equal(false);
          setImmediate(() => {
            isReleased = true;
            void rig.memory.delete([key]);
          });
        },
      });
      await done;
      expect(isReleased).to.equal(true);
      expect(waits).to.have.length(1);
      expect(waits[0]).to.contain(FOREIGN);
      await rig.memory.put({ key, body: encodeLock({ name: FOREIGN, type: 1, acquired: true }) });
      await rig.letLocksExpire();
      await remove('backup-2');
      // A foreign lock stays, also when it is expired.
      await rig.memory.delete([key]);
      await expectSound();
    });
  }

  it('writes and removes nothing where there is no such volume, or its config is unreadable', async () => {
    await rig.memory.put({ key: volumeConfigKey(VOLUME), body: Buffer.from('{') });
    const before = (await rig.memory.list({ prefix: volumePrefix(VOLUME) })).objects;
    const { put, delete: deletes } = { ...rig.memory.calls };
    const broken = await remove('backup-1').catch((cause: unknown) => cause);
    expect(isStoreError(broken, 'Corrupt')).to.equal(true);
    const options = { store: rig.memory, volume: 'pvc-none', backup: 'backup-1', clock: rig.clock };
    const absent = await removeBackup(options).catch((cause: unknown) => cause);
    expect(isStoreError(absent, 'NotFound')).to.equal(true);
    expect(rig.memory.calls).to.include({ put, delete: deletes });
    expect((await rig.memory.list({ prefix: volumePrefix(VOLUME) })).objects).to.deep.equal(before);
  });
});
