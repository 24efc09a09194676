import { open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { API_VERSION, type Backup, type BackupTarget, findCondition, resources, type Snapshot } from '@mooring/api';
import { coreResources, systemClock } from '@mooring/runtime';
import { eventually, temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { join } from 'node:path';
import { type HouseSetup, startHouseSetup } from '../integration/house-setup.ts';

const BLOCK = 2 * 1024 * 1024;
const LONG = { timeoutMs: 60_000 };

interface EventObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

describe('a Backup that is made here, when something fails', function () {
  this.timeout(180_000);
  let house: HouseSetup;
  let store: string;
  let file: string;

  const labels = { 'backup-target': 't', 'backup-volume': 'data' };
  const readyOf = (object: Backup | BackupTarget) => findCondition(object.status?.conditions, 'Ready');
  const create = (name: string, snapshotName: string) =>
    house.create('Backup', name, { spec: { snapshotName }, labels });
  const inState = (name: string, state: string) =>
    house.until<Backup>(resources.backups, name, ({ status }) => status?.state === state);
  const storeFiles = async () =>
    (await readdir(store, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const snapshot = async (name: string) => {
    await house.create('Snapshot', name, { spec: { volume: 'data', createSnapshot: true } });
    await house.until<Snapshot>(resources.snapshots, name, ({ status }) => status?.readyToUse === true);
  };
  const markObjectOnly = (name: string) =>
    house.kube.patch(
      resources.backups,
      { namespace: house.namespace, name },
      { metadata: { labels: { 'longhorn.io/delete-custom-resource-only': 'true' } } },
      { kind: 'merge' },
    );
  const events = async () => {
    const { items } = await house.kube.list<EventObject>(coreResources.events, { namespace: house.namespace });
    return items.filter(({ involvedObject }) => involvedObject.kind === 'Volume');
  };

  before(async () => {
    house = await startHouseSetup({ withBackups: false });
    store = await temporaryFolder('store');
    file = join(house.folder, 'data.img');
    await writeFile(file, randomBytes(BLOCK));
    await truncate(file, 32 * BLOCK);
    await house.create('BackupTarget', 't', { spec: { backupTargetURL: `vfs://${store}`, pollInterval: '0s' } });
    await house.until<BackupTarget>(resources.backupTargets, 't', (target) => readyOf(target)?.status === 'True');
    const spec = { size: String(32 * BLOCK), backupTargetName: 't', source: { file: { path: file } } };
    await house.create('Volume', 'data', { spec });
  });
  after(() => house.stop());

  it('is completed, and once, wherever backup-controller is killed', async () => {
    await house.create('Snapshot', 's1', { spec: { volume: 'data', createSnapshot: true } });
    await create('b1', 's1');
    let writes = 0;
    for (; ; writes++) {
      const running = await house.startBackups(writes);
      const isDone = async () => {
        const jobs = await house.kube.request<{ items: unknown[] }>({
          method: 'GET',
          path: `/apis/batch/v1/namespaces/${house.namespace}/jobs`,
        });
        const found = await house.get<Backup>(resources.backups, 'b1');
        return found?.status?.state === 'Completed' && jobs.items.length === 0;
      };
      await eventually(async () => running.isDead() || (await isDone()), LONG);
      const isDead = running.isDead();
      await running.stop();
      if (!isDead) break;
      expect(writes).to.be.lessThan(40);
    }
    expect(writes).to.be.greaterThan(3);
    const names = (await storeFiles()).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('backup_'))).to.deep.equal(['backup_b1.cfg']);
    expect(names.filter((name) => name.endsWith('.blk'))).to.have.length(1);
  });

  describe('with backup-controller running', () => {
    before(async () => {
      await house.startBackups();
    });

    it('waits for its turn behind another of its volume', async () => {
      await snapshot('s2');
      await Promise.all([create('b2', 's2'), create('b3', 's2')]);
      const waiting = await eventually(async () => {
        const found = (await house.list<Backup>(resources.backups)).map(
          ({ status }) => status?.messages?.['info'] ?? '',
        );
        return found.find((message) => /^Waiting for the backup b[23] to end$/.test(message)) ?? false;
      }, LONG);
      expect(waiting).to.match(/backup/);
      await Promise.all([inState('b2', 'Completed'), inState('b3', 'Completed')]);
    });

    it('tells why it failed, on itself and on its Volume', async () => {
      await snapshot('s4');
      await rm(join(`${file}.snapshots`, 's4.img'));
      await create('b4', 's4');
      const failed = await inState('b4', 'Error');
      expect(failed.status?.error).to.match(/s4/);
      expect(failed.status?.messages?.['error']).to.equal(failed.status?.error);
      expect(readyOf(failed)).to.include({ status: 'False', reason: 'Error' });
      const told = await eventually(
        async () => (await events()).find(({ message }) => message.includes('backup b4')) ?? false,
        LONG,
      );
      expect(told).to.include({ type: 'Warning', reason: 'Error' });
    });

    it('takes its mover along when it is deleted before its end, and leaves nothing in the store', async () => {
      const handle = await open(file, 'r+');
      await handle.write(randomBytes(30 * BLOCK), 0, 30 * BLOCK, BLOCK);
      await handle.close();
      await snapshot('s5');
      const before = (await storeFiles()).length;
      await create('b5', 's5');
      await eventually(async () => (await storeFiles()).length > before + 2, LONG);
      await house.remove(resources.backups, 'b5');
      await house.gone(resources.backups, 'b5');
      const names = (await storeFiles()).map(({ name }) => name);
      expect(names).to.not.include('backup_b5.cfg');
      expect(names.filter((name) => name.endsWith('.blk')).length).to.equal(1);
      expect(names.filter((name) => name.endsWith('.lck'))).to.deep.equal([]);
    });

    it('can be deleted at any moment, alone or with its data', async () => {
      await snapshot('s6');
      // What is seen of the object when it is deleted; the last two hit it while its Job is made and runs.
      const moments = ['', 'Pending', 'Pending', 'InProgress'];
      for (const [at, state] of moments.entries()) {
        const name = `any-${String(at)}`;
        await create(name, 's6');
        if (state !== '') {
          await eventually(async () => {
            const now = (await house.get<Backup>(resources.backups, name))?.status?.state;
            return now === state || now === 'Completed';
          }, LONG);
        }
        if (at % 2 === 0) await markObjectOnly(name);
        await house.remove(resources.backups, name);
        await house.gone(resources.backups, name);
      }
      const names = (await storeFiles()).map((entry) => entry.name);
      expect(names.filter((name) => name.endsWith('.lck'))).to.deep.equal([]);
    });

    it('refuses to take the name of another backup in the store', async () => {
      await markObjectOnly('b2');
      await house.remove(resources.backups, 'b2');
      await house.gone(resources.backups, 'b2');
      await create('b2', 's5');
      const refused = await inState('b2', 'Error');
      expect(refused.status?.error).to.match(/^backup already exists/);
    });

    it('adopts the backup that it was when it is applied again', async () => {
      await markObjectOnly('b3');
      await house.remove(resources.backups, 'b3');
      await house.gone(resources.backups, 'b3');
      await create('b3', 's2');
      await inState('b3', 'Completed');
    });

    it('goes after its time when it failed', async () => {
      const setting = {
        apiVersion: API_VERSION,
        kind: 'Setting',
        metadata: { namespace: house.namespace, name: 'failed-backup-ttl' },
        value: '60',
      };
      await house.kube.create(resources.settings, setting);
      await house.startBackups(Infinity, { ...systemClock, now: () => Date.now() + 3_600_000 });
      await house.gone(resources.backups, 'b4');
    });
  });
});
