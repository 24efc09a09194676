import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backup, moverExit, moverVariables, resources, type Snapshot, type Volume } from '@mooring/api';
import { encodeLock, lockTypes, locksPrefix } from '@mooring/backupstore';
import { eventually, sharedControlPlane, startApiProxy, temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { createMoverRig, type MoverRig, type Prepared, type RunOptions } from './mover-process.ts';

const MIB = 1024 * 1024;

describe('A run of the mover that cannot do its work', function () {
  this.timeout(180_000);

  let rig: MoverRig;
  let made: Prepared;
  before(async () => {
    rig = await createMoverRig();
    made = await rig.prepared('made', randomBytes(4 * MIB));
    const { exitCode, log } = await rig.run({ task: 'backup', object: made.backup });
    expect(exitCode, log).to.equal(moverExit.done);
  });

  async function backupStatus(object: Backup): Promise<Backup['status']> {
    return (await rig.get<Backup>(resources.backups, object))?.status;
  }

  /** Runs it, and expects that it is refused; what the log says last. */
  async function refused(options: RunOptions): Promise<string> {
    const { exitCode, log } = await rig.run(options);
    expect(exitCode, log).to.equal(moverExit.refused);
    return log.trim().split('\n').at(-1) ?? '';
  }

  describe('does nothing for an object', () => {
    const untouched = async (work: () => Promise<string>): Promise<void> => {
      const before = await readdir(rig.storeFolder, { recursive: true });
      expect(await work()).to.include('ObjectGone');
      expect(await readdir(rig.storeFolder, { recursive: true })).to.deep.equal(before);
    };

    it('that is gone', async () => {
      const object = await rig.backup('absent-b', 'made-s1');
      await rig.kube.delete(resources.backups, { namespace: rig.namespace, name: 'absent-b' });
      await untouched(async () => await refused({ task: 'backup', object }));
    });

    it('of another UID under the same name, whose status it leaves alone', async () => {
      const object = await rig.backup('other-b', 'made-s1');
      const uid = '0b9d7c5e-0000-4000-8000-000000000000';
      const stale = { ...object, metadata: { ...object.metadata, uid } };
      await untouched(async () => await refused({ task: 'backup', object: stale }));
      expect(await backupStatus(object)).to.equal(undefined);
    });

    it('that is being deleted', async () => {
      const object = await rig.backup('leaving-b', 'made-s1');
      await rig.deleteHeld(resources.backups, object);
      await untouched(async () => await refused({ task: 'backup', object }));
    });

    it('that is deleted while it works: it stops at the next report', async () => {
      const store = await rig.s3Target('leaving');
      const { backup } = await rig.prepared('leaving', randomBytes(32 * MIB), 'leaving');
      store.proxy.add({ kind: 'delay', delayMs: 700 }, { when: ({ method }) => method === 'PUT' });
      const run = rig.start({ task: 'backup', object: backup, orders: { workers: '1' } });
      await eventually(async () => Number((await backupStatus(backup))?.bytesDone ?? 0) > 0, { timeoutMs: 60_000 });
      await rig.deleteHeld(resources.backups, backup);
      const { exitCode, log } = await run.ended;
      expect(exitCode, log).to.equal(moverExit.refused);
      expect(log).to.include('ObjectGone').and.to.not.include('complete in the store');
    });
  });

  describe('is refused, and says in the status why,', () => {
    const cases: readonly [what: string, prepare: () => Promise<Backup>, error: RegExp][] = [
      ['without its Snapshot', async () => await rig.backup('b-a', 'nowhere'), /there is no Snapshot 'nowhere'/],
      [
        'without the Volume',
        async () => {
          await taken('orphan', 'no-volume');
          return await rig.backup('b-b', 'orphan');
        },
        /there is no Volume 'no-volume'/,
      ],
      [
        'without its BackupTarget',
        async () => await rig.backup('b-c', 'made-s1', { target: 'nowhere' }),
        /there is no BackupTarget 'nowhere'/,
      ],
      [
        'without the credentials that the target names',
        async () => {
          const spec = { backupTargetURL: 's3://bucket@region/', credentialSecret: 'absent' };
          await rig.create(resources.backupTargets, 'no-secret', { spec });
          return await rig.backup('b-d', 'made-s1', { target: 'no-secret' });
        },
        /failed to read secret 'absent'/,
      ],
      [
        'where the snapshot is not on the disk',
        async () => {
          await taken('lost', 'made');
          return await rig.backup('b-e', 'lost');
        },
        /there is no such volume or snapshot/,
      ],
      [
        'where the size is no multiple of the block size',
        async () => (await rig.prepared('odd', randomBytes(3 * MIB))).backup,
        /is no multiple of the block size 2097152/,
      ],
      [
        'where the volume has no engine yet',
        async () => {
          const source = { file: null, zfs: { pool: 'p', dataset: 'd' } };
          await rig.volume('zfs', { source });
          await taken('zfs-s1', 'zfs');
          return await rig.backup('b-f', 'zfs-s1');
        },
        /this version has no engine for the source of this volume/,
      ],
      [
        'where the store has another backup of that name',
        async () => {
          const other = await rig.snapshot('made-s2', 'made');
          expect((await rig.run({ task: 'take-snapshot', object: other })).exitCode).to.equal(moverExit.done);
          await rig.kube.delete(resources.backups, { namespace: rig.namespace, name: 'made-b1' });
          return await rig.backup('made-b1', 'made-s2');
        },
        /backup already exists, of volume 'made' and snapshot 'made-s1'/,
      ],
    ];
    for (const [what, prepare, error] of cases) {
      it(what, async () => {
        const object = await prepare();
        await refused({ task: 'backup', object });
        const status = await backupStatus(object);
        expect(status?.error).to.match(error);
        expect(status).to.not.have.property('state', 'Completed');
      });
    }

    it('where a snapshot cannot be taken', async () => {
      await rig.volume('no-file');
      const object = await rig.snapshot('no-file-s1', 'no-file');
      await refused({ task: 'take-snapshot', object });
      const { status } = (await rig.get<Snapshot>(resources.snapshots, object)) ?? {};
      expect(status?.error).to.match(/failed to take snapshot 'no-file-s1' .*there is no such volume/);
      expect(status?.readyToUse ?? false).to.equal(false);
    });

    it('where the backup that is to be restored is not in the store', async () => {
      const object = await rig.volume('copy-of-nothing', { size: String(4 * MIB) });
      await refused({ task: 'restore', object, orders: { target: 'store', volume: 'made', backup: 'absent' } });
      const { status } = (await rig.get<Volume>(resources.volumes, object)) ?? {};
      expect(status?.restoreError).to.include('backup_absent.cfg');
    });

    it('where a block is corrupt, with its name', async () => {
      const { backup } = await rig.prepared('corrupt', randomBytes(4 * MIB));
      expect((await rig.run({ task: 'backup', object: backup })).exitCode).to.equal(moverExit.done);
      const files = await readdir(rig.storeFolder, { recursive: true });
      const block = files.find((file) => file.endsWith('.blk') && file.includes('/corrupt/')) ?? '';
      await writeFile(join(rig.storeFolder, block), 'not a block');
      const object = await rig.volume('corrupt-copy', { size: String(4 * MIB) });
      await refused({ task: 'restore', object, orders: { target: 'store', volume: 'corrupt', backup: 'corrupt-b1' } });
      const { status } = (await rig.get<Volume>(resources.volumes, object)) ?? {};
      expect(status?.restoreError).to.include(block.split('/').at(-1) ?? 'a block');
    });

    /** A Snapshot whose status says that it is taken. */
    async function taken(name: string, volume: string): Promise<void> {
      const object = await rig.snapshot(name, volume);
      const creationTime = '2026-01-02T03:04:05Z';
      await rig.patchStatus(resources.snapshots, object, { readyToUse: true, creationTime, restoreSize: 4 * MIB });
    }
  });

  it('is refused with orders that cannot be followed, and names the variable', async () => {
    const env = { [moverVariables.workers]: 'many' };
    expect(await refused({ task: 'backup', object: made.backup, env })).to.include(moverVariables.workers);
    const object = await rig.volume('no-orders');
    expect(await refused({ task: 'restore', object })).to.include(`${moverVariables.target} is not set`);
    expect(await refused({ task: 'backup', object: made.backup, env: { MOORING_ALLOWED_SCHEMES: 's3' } })).to.match(
      /ObjectGone|SchemeNotAllowed/,
    );
  });

  describe('fails, to be tried again,', () => {
    it('where the snapshot is not taken yet', async () => {
      await rig.snapshot('later-s1', 'made');
      const object = await rig.backup('later-b1', 'later-s1');
      const { exitCode, log } = await rig.run({ task: 'backup', object });
      expect(exitCode, log).to.equal(moverExit.failed);
      expect((await backupStatus(object))?.error).to.include("snapshot 'later-s1' is not taken yet");
    });

    it('where the store is away, and says so without a credential; later it is made', async () => {
      const { proxy, secret } = await rig.s3Target('away');
      const { backup } = await rig.prepared('away', randomBytes(4 * MIB), 'away');
      await proxy.refuse();
      const { exitCode, log } = await rig.run({ task: 'backup', object: backup, env: { MOORING_LOG_LEVEL: 'trace' } });
      expect(exitCode, log).to.equal(moverExit.failed);
      const status = await backupStatus(backup);
      expect(status?.error).to.match(/refuses connections|not available/);
      for (const text of [log, JSON.stringify(status)]) {
        expect(text).to.not.include(secret.secretKey).and.to.not.include('Authorization');
      }
      await proxy.listen();
      const later = await rig.run({ task: 'backup', object: backup });
      expect(later.exitCode, later.log).to.equal(moverExit.done);
      expect((await backupStatus(backup))?.error).to.equal('');
    });

    it('where the API server is away', async () => {
      const proxy = await startApiProxy(await sharedControlPlane(), { folder: await temporaryFolder('mover-api') });
      await proxy.refuse();
      const env = { KUBECONFIG: proxy.kubeconfig };
      const { exitCode, log } = await rig.run({ task: 'backup', object: made.backup, env });
      await proxy.stop();
      expect(exitCode, log).to.equal(moverExit.failed);
    });
  });

  /** Puts the lock of somebody's deletion into the store; its path. */
  async function lockForDeletion(volume: string): Promise<string> {
    const locks = join(rig.storeFolder, locksPrefix(volume));
    await mkdir(locks, { recursive: true });
    const lock = { name: 'lock-0123456789abcdef', type: lockTypes.deletion, acquired: true };
    const path = join(locks, `${lock.name}.lck`);
    await writeFile(path, encodeLock(lock));
    return path;
  }

  it('waits for the lock of a deletion, and says so', async () => {
    const { backup } = await rig.prepared('locked', randomBytes(4 * MIB));
    await lockForDeletion('locked');
    const run = rig.start({ task: 'backup', object: backup });
    const status = await eventually(
      async () => {
        const found = await backupStatus(backup);
        return found?.state === 'Pending' && found;
      },
      { timeoutMs: 60_000 },
    );
    expect(status.messages?.['info']).to.match(/^waiting for a deletion of the same volume/);
    run.kill('SIGTERM');
    const { exitCode, log } = await run.ended;
    expect(exitCode, log).to.equal(moverExit.paused);
  });

  it('waits with a restore too, says so, and says no more of it when it goes on', async () => {
    const copy = await rig.volume('copy', { size: String(4 * MIB) });
    await rig.patchStatus(resources.volumes, copy, { restoreError: 'old' });
    const lock = await lockForDeletion('made');
    const orders = { target: 'store', volume: 'made', backup: 'made-b1' };
    const run = rig.start({ task: 'restore', object: copy, orders });
    const waiting = await eventually(
      async () => {
        const found = (await rig.get<Volume>(resources.volumes, copy))?.status;
        return found?.restoreWaiting ? found : false;
      },
      { timeoutMs: 60_000 },
    );
    expect(waiting.restoreWaiting).to.match(/^waiting for a deletion of the same volume/);
    expect(waiting.restoreError).to.equal('');
    await rm(lock);
    const { exitCode, log } = await run.ended;
    expect(exitCode, log).to.equal(moverExit.done);
    const { status } = (await rig.get<Volume>(resources.volumes, copy)) ?? {};
    expect(status).to.include({ restoreWaiting: '', restoreRun: '=>made-b1' });
  });
});
