import {
  backupConfigKey,
  blockKey,
  encodeBackupConfig,
  encodeLock,
  isStoreError,
  restoreBackup,
  type RestoreOptions,
} from '@mooring/backupstore';
import { expect } from 'chai';
import { ImageDestination } from '../compat/image-destination.ts';
import { BackupstoreRig } from './backupstore-rig.ts';
import { backupConfig, digestOf, VOLUME, VOLUME_BYTES } from './small-store.ts';

const CONFIG = backupConfigKey(VOLUME, 'backup-1');
const LOCKS = `${CONFIG.slice(0, CONFIG.indexOf('backups/'))}locks/`;
const FOREIGN_LOCK = `${LOCKS}lock-00000000000000aa.lck`;

describe('what a restore does while it waits for its lock', () => {
  let rig: BackupstoreRig;
  let calls: string[];
  let destination: ImageDestination;
  beforeEach(async () => {
    rig = await BackupstoreRig.create();
    destination = new ImageDestination(VOLUME_BYTES);
    calls = [];
    during(() => undefined);
  });

  // At the LIST of the locks the two seconds are over.
  function during(change: () => void): void {
    let isOver = false;
    rig.memory.beforeCall = (operation, subject) => {
      calls.push(`${operation} ${subject}`);
      if (operation !== 'list' || subject !== LOCKS || isOver) return;
      isOver = true;
      change();
    };
  }

  async function restore(options: Partial<RestoreOptions> = {}): Promise<unknown> {
    const all = { store: rig.memory, clock: rig.clock, volume: VOLUME, backup: 'backup-1', destination, ...options };
    return await restoreBackup(all).then(
      (result) => result,
      (error: unknown) => error,
    );
  }

  function blocksFetched(): number {
    return calls.filter((call) => call.startsWith('get') && call.endsWith('.blk')).length;
  }

  it('is to fetch the blocks; nothing but the lock is written, and the config is looked at under it', async () => {
    await restore();
    expect(destination.sha256).to.equal(digestOf('backup-1'));
    const held = calls.findLastIndex((call) => call.startsWith('put'));
    expect(calls.slice(0, held).filter((call) => call.endsWith('.blk'))).to.have.length(6);
    expect(calls.slice(held).filter((call) => call.endsWith('.cfg'))).to.deep.equal([`head ${CONFIG}`]);
    const written = calls.filter((call) => /^(put|delete)/.test(call) && !call.includes('/locks/'));
    expect(written).to.deep.equal([]);
    expect(blocksFetched()).to.equal(6);
  });

  it('counts for nothing when there is another backup of that name afterwards', async () => {
    during(() => {
      const other = { ...backupConfig('backup-3'), name: 'backup-1' };
      rig.memory.set(CONFIG, encodeBackupConfig(other));
    });
    await restore();
    // Also where the first had blocks and this one has holes.
    expect(destination.sha256).to.equal(digestOf('backup-3'));
    expect(destination.outcome).to.equal('committed');
  });

  it('counts for nothing when the backup is gone afterwards', async () => {
    during(() => {
      void rig.memory.delete([CONFIG]);
    });
    expect(isStoreError(await restore(), 'NotFound')).to.equal(true);
    expect(destination.outcome).to.equal('aborted');
  });

  it('is done under the lock where no ETag tells two configs apart', async () => {
    Object.assign(rig.memory, { capabilities: { ...rig.memory.capabilities, etags: false } });
    await restore();
    expect(destination.sha256).to.equal(digestOf('backup-1'));
    const held = calls.findLastIndex((call) => call.startsWith('put'));
    expect(calls.slice(0, held).filter((call) => !call.includes('/locks/'))).to.deep.equal([]);
  });

  it('ends when a deletion turns out to hold the volume, and is done again under the lock', async () => {
    const body = encodeLock({ name: 'lock-00000000000000aa', type: 2, acquired: true });
    rig.memory.set(FOREIGN_LOCK, body);
    const waits: string[] = [];
    const restored = restore({
      onWaiting: ({ blockedBy }) => {
        waits.push(blockedBy);
        calls = [];
        // What backup-1 has alone goes with it.
        const [gone] = backupConfig('backup-1').blocks.slice(-3);
        void rig.memory.delete([CONFIG, blockKey(VOLUME, gone?.checksum ?? ''), FOREIGN_LOCK]);
      },
    });
    expect(isStoreError(await restored, 'NotFound')).to.equal(true);
    expect(waits).to.deep.equal(['lock-00000000000000aa']);
    expect(blocksFetched()).to.equal(0);
    expect(destination.outcome).to.equal('aborted');
  });

  it('is given up with the restore', async () => {
    const pause = new AbortController();
    during(() => {
      pause.abort();
    });
    expect(isStoreError(await restore({ signal: pause.signal }), 'Cancelled')).to.equal(true);
    expect(destination.outcome).to.equal('aborted');
  });
});
