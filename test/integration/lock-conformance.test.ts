import { utimes } from 'node:fs/promises';
import path from 'node:path';
import {
  encodeLock,
  isStoreError,
  locksPrefix,
  openStore,
  systemStoreClock,
  withLock,
  type LockOptions,
  type LockType,
  type ObjectStore,
} from '@mooring/backupstore';
import { eventually, ManualClock, sharedS3, startAzurite, temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { createContainer } from './store-azurite.ts';

const stops: (() => Promise<void>)[] = [];
// Where the files of the store lie.
let dataFolder = (): string => '';

const backends: Record<string, () => Promise<ObjectStore>> = {
  'a directory': async () => {
    const root = path.join(await temporaryFolder('locks'), 'store');
    dataFolder = () => root;
    return await openStore({ url: `vfs://${root}` });
  },
  'the S3 server': async () => {
    const server = await sharedS3();
    const { accessKey, secretKey, endpoint, region, dataFolder: root } = server;
    await server.createBucket('locks');
    dataFolder = () => path.join(root, 'locks');
    return await openStore({
      url: `s3://locks@${region}/`,
      credentials: { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_ENDPOINTS: endpoint },
    });
  },
  Azurite: async () => {
    const server = await startAzurite({ root: await temporaryFolder('azurite') });
    stops.push(async () => {
      await server.stop();
    });
    await createContainer(server, 'locks');
    return await openStore({
      url: 'azblob://locks/',
      credentials: {
        AZBLOB_ACCOUNT_NAME: server.accountName,
        AZBLOB_ACCOUNT_KEY: server.accountKey,
        AZBLOB_ENDPOINT: server.endpoint.slice(0, server.endpoint.lastIndexOf('/')),
      },
    });
  },
};

/** Twenty seconds of it pass in one: calls to the store take time in it too, so that a busy machine is a slow store. */
const fastClock = {
  ...systemStoreClock,
  now: () => systemStoreClock.now() * 20,
  sleep: async (ms: number, signal: AbortSignal | undefined) => await systemStoreClock.sleep(ms / 20, signal),
};

for (const [name, openBackend] of Object.entries(backends)) {
  describe(`locks in ${name}`, function () {
    this.timeout(60_000);
    let store: ObjectStore;
    let made = 0;
    let volume = '';

    before(async () => {
      store = await openBackend();
    });
    beforeEach(() => {
      volume = `volume-${String(made++)}`;
    });
    after(async () => {
      store.close();
      for (const stop of stops.splice(0)) await stop();
    });

    const options = (type: LockType, more: Partial<LockOptions> = {}): LockOptions => ({
      ...{ store, volume, type, clock: new ManualClock() },
      ...more,
    });
    const files = async (): Promise<string[]> =>
      (await store.list({ prefix: locksPrefix(volume) })).objects.map(({ key }) => path.basename(key));
    // As Longhorn leaves one.
    const foreign = async (type: number, acquired = true): Promise<string> => {
      const lock = { name: 'lock-00000000000000aa', type, acquired };
      const key = `${locksPrefix(volume)}${lock.name}.lck`;
      await store.put({ key, body: encodeLock(lock) });
      return key;
    };

    it('are files as Longhorn writes them, and gone at the end', async () => {
      await withLock(options(2), async ({ key, name: lock }) => {
        const { body } = await store.get({ key });
        expect(body.toString()).to.equal(`{"Name":"${lock}","Type":2,"Acquired":true}`);
      });
      expect(await files()).to.deep.equal([]);
    });

    it('of one type are held together', async () => {
      await withLock(options(1), async () => {
        await withLock(options(1), async () => {
          expect(await files()).to.have.length(2);
        });
      });
    });

    it('of the other type are waited for, with a reason, until they are given back', async () => {
      const key = await foreign(2);
      const clock = new ManualClock();
      let reason = '';
      let isHeld = false;
      const held = withLock(options(1, { clock, onWaiting: (wait) => (reason = wait.reason) }), async () => {
        isHeld = true;
        await Promise.resolve();
      });
      await eventually(() => Promise.resolve(reason !== ''), { timeoutMs: 20_000 });
      expect(isHeld).to.equal(false);
      expect(await files()).to.deep.equal(['lock-00000000000000aa.lck']);
      await store.delete([key]);
      await pass(held, clock);
      expect(isHeld).to.equal(true);
    });

    it('that only wait but are older are waited for too', async () => {
      await foreign(2, false);
      // Older by a whole second, for those that count in seconds.
      await eventually(() => Promise.resolve(new Date().getMilliseconds() < 100), { timeoutMs: 5000 });
      const stop = new AbortController();
      const held = withLock(options(1, { signal: stop.signal, onWaiting: () => stop.abort() }), async () => {
        await Promise.resolve();
      }).catch((error: unknown) => error);
      expect(isStoreError(await held, 'Cancelled')).to.equal(true);
    });

    // Azurite keeps its times in memory.
    if (name !== 'Azurite') {
      it('that expire by the clock of the store are passed over and left, but for our own', async () => {
        const folder = path.join(dataFolder(), locksPrefix(volume));
        const own = await withLock(options(1), async (lock) => await Promise.resolve(lock));
        for (const [ageS, type] of [[100, 2] as const, [151, 1] as const]) {
          const foreignKey = await foreign(2);
          await store.put({ key: own.key, body: encodeLock({ name: own.name, type: 1, acquired: true }) });
          const then = new Date(Date.now() - ageS * 1000);
          for (const key of [foreignKey, own.key]) await utimes(path.join(folder, path.basename(key)), then, then);
          const stop = new AbortController();
          const held = withLock(options(1, { signal: stop.signal, onWaiting: () => stop.abort() }), async () => {
            await Promise.resolve();
          }).catch((error: unknown) => error);
          expect(isStoreError(await held, 'Cancelled'), `${String(ageS)} s`).to.equal(type === 2);
        }
        expect(await files()).to.deep.equal(['lock-00000000000000aa.lck']);
      });
    }

    it('that cannot be read are passed over', async () => {
      await store.put({ key: `${locksPrefix(volume)}lock-1.lck`, body: Buffer.from('{"Type":') });
      await store.put({ key: `${locksPrefix(volume)}lock-2.lck`, body: Buffer.alloc(0) });
      const logs: string[] = [];
      await withLock(options(2, { log: (message) => logs.push(message) }), async () => {
        await Promise.resolve();
      });
      expect(logs).to.have.length(2);
    });

    it('never let a backup and a deletion of one volume run at once, whoever comes when', async () => {
      const running = { 1: 0, 2: 0 };
      let overlaps = 0;
      await Promise.all(
        ([1, 2, 1, 2, 1] as const).map(async (type) => {
          await withLock(options(type, { clock: fastClock }), async () => {
            running[type] += 1;
            if (running[1] > 0 && running[2] > 0) overlaps += 1;
            for (let turn = 0; turn < 5; turn++) await store.list({ prefix: locksPrefix(volume) });
            running[type] -= 1;
          });
        }),
      );
      expect(overlaps).to.equal(0);
      expect(await files()).to.deep.equal([]);
    });

    it('tell the time of the store', async () => {
      await withLock(options(1), async (lock) => {
        const { mtimeMs } = await store.head({ key: lock.key });
        // The manual clock has passed the two seconds of the check, which the store has not.
        expect(lock.storeNowMs() - mtimeMs).to.be.within(-1000, 4000);
      });
    });
  });
}

// Lets time pass until the work is done.
async function pass(work: Promise<unknown>, clock: ManualClock): Promise<void> {
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  await eventually(
    async () => {
      await clock.advance(1000);
      return isDone;
    },
    { timeoutMs: 20_000 },
  );
  await done;
}
