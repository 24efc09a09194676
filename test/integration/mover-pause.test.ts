import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backup, type KubeObject, moverExit, type ResourceType, resources, type Volume } from '@mooring/api';
import { eventually } from '@mooring/testing';
import { expect } from 'chai';
import { createMoverRig, type MoverRig, type S3Target } from './mover-process.ts';

const MIB = 1024 * 1024;
const BLOCKS = 16;
const SIGNALS = ['SIGTERM', 'SIGKILL'] as const;

describe('A run of the mover that ends in the middle', function () {
  this.timeout(180_000);

  let rig: MoverRig;
  let store: S3Target;
  const data = randomBytes(BLOCKS * 2 * MIB);

  before(async () => {
    rig = await createMoverRig();
    store = await rig.s3Target('remote');
  });
  afterEach(() => {
    store.proxy.clear();
    store.proxy.setDelayMs(0);
  });

  /** Lets so many blocks through; later ones wait. */
  function letBlocks(method: 'GET' | 'PUT', count: number): void {
    let passed = 0;
    const when = (request: { method: string; url: string }): boolean =>
      request.method === method && request.url.includes('.blk') && ++passed > count;
    store.proxy.add({ kind: 'delay', delayMs: 60_000 }, { when });
  }

  async function bytesDone(type: ResourceType, object: KubeObject): Promise<number> {
    const found = await rig.get<KubeObject<unknown, { bytesDone?: string }>>(type, object);
    return Number(found?.status?.bytesDone ?? 0);
  }

  for (const signal of SIGNALS) {
    it(`by ${signal} leaves a backup that the next run goes on with, uploading only what is missing`, async () => {
      const name = `backup-${signal.toLowerCase()}`;
      const { backup } = await rig.prepared(name, data, 'remote');
      letBlocks('PUT', 6);
      const first = rig.start({ task: 'backup', object: backup, orders: { workers: '2' } });
      await eventually(async () => (await bytesDone(resources.backups, backup)) >= 6 * 2 * MIB, { timeoutMs: 60_000 });
      first.kill(signal);
      const { exitCode, log } = await first.ended;
      expect(exitCode, log).to.equal(signal === 'SIGTERM' ? moverExit.paused : undefined);
      const paused = await rig.get<Backup>(resources.backups, backup);
      expect(paused?.status).to.include({ state: 'InProgress', error: '' });

      store.proxy.clear();
      store.proxy.resetCounts();
      const second = await rig.run({ task: 'backup', object: backup });
      expect(second.exitCode, second.log).to.equal(moverExit.done);
      // Configs and locks are written besides.
      expect(store.proxy.counts()['PUT']).to.be.at.most(BLOCKS - 6 + 8);
      const whole = await rig.get<Backup>(resources.backups, backup);
      expect(whole?.status?.startedAt).to.equal(paused?.status?.startedAt);

      const copy = await rig.volume(`${name}-copy`, { size: String(data.length) });
      const orders = { target: 'remote', volume: name, backup: `${name}-b1` };
      const restored = await rig.run({ task: 'restore', object: copy, orders });
      expect(restored.exitCode, restored.log).to.equal(moverExit.done);
      expect((await readFile(join(rig.folder, `${name}-copy.img`))).equals(data)).to.equal(true);
    });

    it(`by ${signal} leaves a volume that the next run goes on with, fetching only what is missing`, async () => {
      const name = `restore-${signal.toLowerCase()}`;
      const { backup } = await rig.prepared(name, data, 'remote');
      expect((await rig.run({ task: 'backup', object: backup })).exitCode).to.equal(moverExit.done);
      const copy = await rig.volume(`${name}-copy`, { size: String(data.length) });
      const orders = { target: 'remote', volume: name, backup: `${name}-b1`, workers: '2' };
      letBlocks('GET', 6);
      const first = rig.start({ task: 'restore', object: copy, orders });
      await eventually(async () => (await bytesDone(resources.volumes, copy)) >= 6 * 2 * MIB, { timeoutMs: 60_000 });
      first.kill(signal);
      const { exitCode, log } = await first.ended;
      expect(exitCode, log).to.equal(signal === 'SIGTERM' ? moverExit.paused : undefined);
      const paused = await rig.get<Volume>(resources.volumes, copy);
      expect(paused?.status).to.include({ restoreRun: `>${name}-b1`, restoreError: '' });

      store.proxy.clear();
      const second = await rig.run({ task: 'restore', object: copy, orders });
      expect(second.exitCode, second.log).to.equal(moverExit.done);
      expect(second.log).to.match(/"blocksFetched":(\d|10),"blocksKept":([6-9]|1\d)\b/);
      expect((await readFile(join(rig.folder, `${name}-copy.img`))).equals(data)).to.equal(true);
    });
  }

  it('by a second SIGTERM waits for nothing', async () => {
    const { backup } = await rig.prepared('twice', data, 'remote');
    store.proxy.hang({ when: ({ url }) => url.includes('.blk') });
    const run = rig.start({ task: 'backup', object: backup });
    await eventually(async () => (await rig.get<Backup>(resources.backups, backup))?.status?.state === 'InProgress', {
      timeoutMs: 60_000,
    });
    run.kill('SIGTERM');
    run.kill('SIGTERM');
    expect([130, moverExit.paused]).to.include((await run.ended).exitCode);
  });
});
