import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  backingImageBlockKey,
  backingImageConfigKey,
  createBackingImage,
  decodeBackingImageConfig,
  decompressBlock,
  isStoreError,
  openStore,
  type CompressionMethod,
  type ObjectStore,
} from '@mooring/backupstore';
import { openFileReader } from '@mooring/datapath';
import { ManualClock, temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';

const FIXTURE = path.resolve(import.meta.dirname, '../fixtures/longhorn-store/store');
const BLOCK = 2 * 1024 * 1024;

async function makeImage(name: string, sizeBytes: number, data: readonly [number, Buffer][]): Promise<string> {
  const file = path.join(await temporaryFolder('image'), name);
  const handle = await open(file, 'w');
  await handle.truncate(sizeBytes);
  for (const [offset, bytes] of data) await handle.write(bytes, 0, bytes.length, offset);
  await handle.close();
  return file;
}

async function makeStore(): Promise<ObjectStore> {
  const root = path.join(await temporaryFolder('image-store'), 'store');
  await mkdir(root);
  return await openStore({ url: `vfs://${root}` });
}

async function restored(store: ObjectStore, name: string): Promise<Buffer> {
  const key = backingImageConfigKey(name);
  const config = decodeBackingImageConfig((await store.get({ key })).body, { key });
  const image = Buffer.alloc(Number(config.size));
  for (const { offset, checksum } of config.blocks) {
    const { body } = await store.get({ key: backingImageBlockKey(checksum) });
    const method = config.compressionMethod as CompressionMethod;
    (await decompressBlock(method, body, { key, maxBytes: BLOCK })).copy(image, offset);
  }
  return image;
}

describe('the backup of a backing image', () => {
  for (const compression of ['none', 'gzip', 'lz4'] as const) {
    it(`holds the image, its short last block too, compressed by ${compression}, and is what Longhorn writes`, async () => {
      const store = await makeStore();
      const file = await makeImage('odd.img', 3_000_000, [[0, randomBytes(3_000_000)]]);
      const source = await openFileReader(file);
      const options = { store, source, compression, name: 'odd-bi', clock: new ManualClock(), labels: { k: 'v' } };
      const { outcome } = await createBackingImage({ ...options, secret: 's1', secretNamespace: 'ns1' });
      expect(outcome).to.equal('created');
      expect((await restored(store, 'odd-bi')).equals(await readFile(file))).to.equal(true);
      const ours = (await store.get({ key: backingImageConfigKey('odd-bi') })).body.toString();
      const theirs = await readFile(path.join(FIXTURE, backingImageConfigKey('odd-bi')), 'utf8');
      expect(shapeOf(ours)).to.equal(shapeOf(theirs).replace('"gzip"', `"${compression}"`));
      expect((await createBackingImage({ ...options })).outcome).to.equal('adopted');
      await source.close();
    });
  }

  it('leaves holes of a raw image out, and takes every block of a qcow2 image', async () => {
    const store = await makeStore();
    const raw = await makeImage('raw.img', 5 * BLOCK, [[BLOCK, randomBytes(100)]]);
    const qcow2 = await makeImage('x.qcow2', 5 * BLOCK, [[0, Buffer.from('514649fb00000003', 'hex')]]);
    for (const [name, file, blocks] of [['raw', raw, '1'] as const, ['qcow', qcow2, '5'] as const]) {
      const source = await openFileReader(file);
      const { config } = await createBackingImage({ store, source, name, clock: new ManualClock() });
      expect(config.blockCount, name).to.equal(blocks);
      expect((await restored(store, name)).equals(await readFile(file))).to.equal(true);
      await source.close();
    }
  });

  it('shares its blocks with the others, and is never overwritten by another image', async () => {
    const store = await makeStore();
    const bytes = randomBytes(BLOCK);
    const clock = new ManualClock();
    const first = await openFileReader(await makeImage('a.img', BLOCK, [[0, bytes]]));
    const second = await openFileReader(await makeImage('b.img', 2 * BLOCK, [[BLOCK, bytes]]));
    await createBackingImage({ store, source: first, name: 'image-a', clock });
    await createBackingImage({ store, source: second, name: 'image-b', clock });
    const { objects } = await store.list({ prefix: 'backupstore/backing-images/blocks/' });
    expect(objects).to.have.length(1);
    const thrown: unknown = await createBackingImage({ store, source: second, name: 'image-a', clock }).catch(
      (error: unknown) => error,
    );
    expect(isStoreError(thrown, 'BackupExists')).to.equal(true);
    await Promise.all([first.close(), second.close()]);
  });

  it('goes on when it was killed, and leaves no locks', async () => {
    const store = await makeStore();
    const file = await makeImage('big.img', 4 * BLOCK, [[0, randomBytes(4 * BLOCK)]]);
    const source = await openFileReader(file);
    let inProgress: string | undefined;
    const stop = new AbortController();
    const options = {
      ...{ store, source, name: 'big', clock: new ManualClock() },
      saveInProgress: async (mark: string) => {
        inProgress = mark;
        await Promise.resolve();
      },
    };
    const onProgress = ({ percent }: { percent: number }): void => {
      if (percent >= 50) stop.abort();
    };
    const thrown: unknown = await createBackingImage({ ...options, onProgress, signal: stop.signal }).catch(
      (error: unknown) => error,
    );
    expect(isStoreError(thrown, 'Cancelled')).to.equal(true);
    const other: unknown = await createBackingImage(options).catch((error: unknown) => error);
    expect(isStoreError(other, 'BackupInProgress')).to.equal(true);
    await createBackingImage({ ...options, inProgress });
    expect((await restored(store, 'big')).equals(await readFile(file))).to.equal(true);
    expect((await store.list({ prefix: 'backupstore/volumes/' })).objects).to.deep.equal([]);
    await source.close();
    await writeFile(file, '');
  });
});

function shapeOf(config: string): string {
  return config.replace(/"(CreatedTime|CompleteTime)":"[^"]+"/g, '"$1":"T"').replace(/[0-9a-f]{64}/g, 'C');
}
