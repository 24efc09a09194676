import {
  blockKey,
  isStoreError,
  restoreBackup,
  restoreIncremental,
  verifyBackup,
  type ObjectStore,
  type RestoreOptions,
} from '@mooring/backupstore';
import { DataPathError } from '@mooring/datapath';
import { expect } from 'chai';
import { ImageDestination } from '../compat/image-destination.ts';
import { BackupstoreRig } from './backupstore-rig.ts';
import { storeFaults } from './faulty-store.ts';
import { backupConfig, digestOf, imageOf, VOLUME, VOLUME_BYTES } from './small-store.ts';

// More calls than any of these runs makes.
const MAX_CALLS = 60;

type Restore = (
  options: Pick<RestoreOptions, 'store' | 'signal' | 'clock'>,
  destination: ImageDestination,
) => Promise<unknown>;

const restores: readonly [string, string, () => ImageDestination, Restore][] = [
  [
    'whole',
    'backup-2',
    () => new ImageDestination(VOLUME_BYTES),
    async (options, destination) =>
      await restoreBackup({ ...options, volume: VOLUME, backup: 'backup-2', destination }),
  ],
  [
    'from one backup to a later one',
    'backup-3',
    () => new ImageDestination(VOLUME_BYTES, imageOf('backup-1')),
    async (options, destination) =>
      await restoreIncremental({
        ...options,
        ...{ volume: VOLUME, lastBackup: 'backup-1', backup: 'backup-3', gone: 'hole', destination },
      }),
  ],
];

describe('restoring from a store that fails', function () {
  this.timeout(60_000);

  for (const [what, backup, open, restore] of restores) {
    for (const kind of storeFaults) {
      it(`never commits a wrong image whichever call is hit by '${kind}', and succeeds at a retry: ${what}`, async () => {
        let reached = false;
        for (let index = 0; index < MAX_CALLS && !reached; index++) {
          const rig = await BackupstoreRig.create();
          const { clock } = rig;
          const destination = open();
          const run = await rig.run(
            { kind, index },
            async (store, signal) => await restore({ store, signal, clock }, destination),
          );
          reached = run.calls <= index;
          const label = `${kind} at call ${String(index)}`;
          expect(destination.outcome, label).to.equal(run.error === undefined ? 'committed' : 'aborted');
          if (run.error === undefined) expect(destination.sha256, label).to.equal(digestOf(backup));
          await rig.letLocksExpire();
          const again = open();
          await restore({ store: rig.memory, clock }, again);
          expect(again.sha256, label).to.equal(digestOf(backup));
        }
        expect(reached, 'every call was hit').to.equal(true);
      });
    }
  }
});

describe('restoring', () => {
  let rig: BackupstoreRig;
  beforeEach(async () => {
    rig = await BackupstoreRig.create();
  });

  async function restore(options: Partial<RestoreOptions> & { destination: ImageDestination }): Promise<unknown> {
    const all = { store: rig.memory, clock: rig.clock, volume: VOLUME, backup: 'backup-1', ...options };
    return await restoreBackup(all).then(
      (result) => result,
      (error: unknown) => error,
    );
  }

  it('fetches a block once however often it comes', async () => {
    const before = rig.memory.calls.get;
    const result = await restore({ destination: new ImageDestination(VOLUME_BYTES) });
    // `a` comes twice in seven blocks; one GET is the config's head, one its list.
    expect(result).to.deep.include({ blocksFetched: 6, bytesWritten: 7 * 4096 });
    expect(rig.memory.calls.get - before).to.equal(8);
  });

  for (const [what, damage, code] of [
    ['missing', async (store: ObjectStore, key: string) => await store.delete([key]), 'BlockMissing'],
    [
      'not what its name says',
      async (store: ObjectStore, key: string) => {
        await store.put({ key, body: Buffer.from('x') });
      },
      'Corrupt',
    ],
    [
      'another sound block',
      async (store: ObjectStore, key: string) => {
        const other = blockKey(VOLUME, backupConfig('backup-1').blocks[1]?.checksum ?? '');
        await store.put({ key, body: (await store.get({ key: other })).body });
      },
      'Corrupt',
    ],
  ] as const) {
    it(`fails at once, with its name, when a block is ${what}`, async () => {
      const key = blockKey(VOLUME, backupConfig('backup-1').blocks.at(-1)?.checksum ?? '');
      await damage(rig.memory, key);
      const destination = new ImageDestination(VOLUME_BYTES);
      const error = await restore({ destination });
      expect(isStoreError(error, code), String(error)).to.equal(true);
      expect(error).to.include({ key });
      expect(destination.outcome).to.equal('aborted');
      const verified = await verifyBackup({ store: rig.memory, volume: VOLUME, backup: 'backup-1', mode: 'full' });
      expect(verified.bad.map((bad) => bad.key)).to.deep.equal([key]);
    });
  }

  it('writes less than all when a block fails, and nothing after it', async () => {
    const [first] = backupConfig('backup-1').blocks;
    await rig.memory.delete([blockKey(VOLUME, first?.checksum ?? '')]);
    const destination = new ImageDestination(VOLUME_BYTES);
    await restore({ destination, concurrency: 1 });
    expect(destination.allocated).to.deep.equal([]);
  });

  it('refuses a destination that is too small, with the numbers', async () => {
    const error = await restore({ destination: new ImageDestination(VOLUME_BYTES - 1) });
    expect(isStoreError(error, 'DestinationTooSmall')).to.equal(true);
    expect(String(error)).to.contain('32768').and.contain('32767');
  });

  it('takes a larger destination', async () => {
    const destination = new ImageDestination(VOLUME_BYTES + 5);
    await restore({ destination });
    expect(destination.bytes.subarray(0, VOLUME_BYTES).equals(imageOf('backup-1'))).to.equal(true);
  });

  it('goes on where it stopped: only what is missing is fetched, and what should not be there is cleared', async () => {
    const destination = new ImageDestination(VOLUME_BYTES, imageOf('backup-2'));
    const result = await restore({ destination, resume: true });
    // c and d are missing; x, which lies where c belongs, and a hole's content do not stay.
    expect(result).to.deep.include({ blocksFetched: 2, blocksKept: 4 });
    expect(destination.sha256).to.equal(digestOf('backup-1'));
  });

  it('ends with the destination’s error when the disk is full', async () => {
    const destination = new ImageDestination(VOLUME_BYTES);
    let writes = 0;
    const write = destination.write.bind(destination);
    destination.write = async (offset, data) => {
      writes += 1;
      if (writes > 2) throw new DataPathError('InsufficientSpace', { action: 'write' });
      await write(offset, data);
    };
    expect(await restore({ destination })).to.include({ code: 'InsufficientSpace' });
    expect(destination.outcome).to.equal('aborted');
  });

  it('refuses a backup in progress', async () => {
    const { key } = { key: `backupstore/volumes/60/39/${VOLUME}/backups/backup_backup-9.cfg` };
    await rig.memory.put({ key, body: Buffer.from(`{"Name":"backup-9","VolumeName":"${VOLUME}","CreatedTime":""}`) });
    const error = await restore({ backup: 'backup-9', destination: new ImageDestination(VOLUME_BYTES) });
    expect(isStoreError(error, 'BackupInProgress')).to.equal(true);
  });
});

describe('verifying', () => {
  for (const mode of ['lists', 'full'] as const) {
    for (const kind of storeFaults) {
      it(`by ${mode}: never calls a damaged backup sound, nor a sound one damaged, whichever call is hit by '${kind}'`, async () => {
        const key = blockKey(VOLUME, backupConfig('backup-3').blocks[0]?.checksum ?? '');
        for (const isDamaged of [false, true]) {
          for (let index = 0; index < 20; index++) {
            const rig = await BackupstoreRig.create();
            if (isDamaged) await rig.memory.delete([key]);
            let bad: string[] | undefined;
            await rig.run({ kind, index }, async (store, signal) => {
              const result = await verifyBackup({ store, volume: VOLUME, backup: 'backup-3', mode, signal });
              bad = result.bad.map((block) => block.key);
            });
            if (bad !== undefined) expect(bad).to.deep.equal(isDamaged ? [key] : []);
          }
        }
      });
    }
  }

  it('names a backup that is removed meanwhile as not found, not as damaged', async () => {
    const rig = await BackupstoreRig.create();
    const { memory } = rig;
    memory.beforeCall = (operation, subject) => {
      if (operation !== 'list' || !subject.endsWith('blocks/')) return;
      memory.beforeCall = () => undefined;
      void memory.delete(['backup-1'].map((name) => `backupstore/volumes/60/39/${VOLUME}/backups/backup_${name}.cfg`));
      for (const { checksum } of backupConfig('backup-1').blocks) void memory.delete([blockKey(VOLUME, checksum)]);
    };
    const error = await verifyBackup({ store: memory, volume: VOLUME, backup: 'backup-1', mode: 'lists' }).catch(
      (cause: unknown) => cause,
    );
    expect(isStoreError(error, 'NotFound')).to.equal(true);
  });
});
