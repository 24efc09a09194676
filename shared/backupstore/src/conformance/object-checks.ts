import { randomBytes } from 'node:crypto';
import { isStoreError, type StoreErrorCode } from '../errors.ts';
import { expectEqual, expectTrue, type Check } from './check.ts';

const BLOCK_BYTES = 2 * 1024 * 1024;
const RACERS = 8;

/** Checks of single objects. */
export const objectChecks: readonly Check[] = [
  {
    name: 'an object is read back as it was written, also empty, and of the size of a block',
    run: async ({ store, folder }) => {
      for (const size of [0, 1, 57, BLOCK_BYTES]) {
        const key = `${folder}size-${String(size)}.blk`;
        const body = randomBytes(size);
        await store.put({ key, body });
        const read = await store.get({ key });
        expectTrue(read.body.equals(body), `an object of ${String(size)} bytes came back different`);
        expectEqual(read.size, size, 'size of the object read');
        expectEqual((await store.head({ key })).size, size, 'size of the object looked at');
      }
    },
  },
  {
    name: 'a range is read as asked, cut at the end of the object, and empty behind it',
    run: async ({ store, folder }) => {
      const key = `${folder}range.cfg`;
      await store.put({ key, body: Buffer.from('0123456789') });
      const read = async (start: number, end: number): Promise<string> => {
        const content = await store.get({ key, range: { start, end } });
        expectEqual(content.size, 10, 'size of the whole object');
        return content.body.toString();
      };
      expectEqual(await read(0, 3), '0123', 'the first four bytes');
      expectEqual(await read(4, 99), '456789', 'a range that goes beyond the end');
      expectEqual(await read(10, 99), '', 'a range behind the end');
      await store.put({ key, body: Buffer.alloc(0) });
      const empty = await store.get({ key, range: { start: 0, end: 99 } });
      expectEqual(empty.body.length, 0, 'a range of an empty object');
    },
  },
  {
    name: 'writing again replaces the whole object',
    run: async ({ store, folder }) => {
      const key = `${folder}again.cfg`;
      await store.put({ key, body: Buffer.from('a longer first body') });
      await store.put({ key, body: Buffer.from('second') });
      expectEqual((await store.get({ key })).body.toString(), 'second', 'the object written twice');
    },
  },
  {
    name: 'an ETag changes with the content, and is the same in a listing, a look and a read',
    needs: 'etags',
    run: async ({ store, folder }) => {
      const key = `${folder}etag.cfg`;
      await store.put({ key, body: Buffer.from('first') });
      const first = await store.head({ key });
      await store.put({ key, body: Buffer.from('other') });
      const [head, read, page] = await Promise.all([
        store.head({ key }),
        store.get({ key }),
        store.list({ prefix: key }),
      ]);
      expectTrue(first.etag !== undefined && head.etag !== first.etag, 'the ETag did not change with the content');
      expectEqual(read.etag, head.etag, 'the ETag of a read');
      expectEqual(page.objects[0]?.etag, head.etag, 'the ETag of a listing');
    },
  },
  {
    name: 'an absent object is NotFound, and deleting it is no error',
    run: async ({ store, folder }) => {
      const key = `${folder}absent.cfg`;
      expectEqual(await codeOf(store.get({ key })), 'NotFound', 'reading an absent object');
      expectEqual(await codeOf(store.head({ key })), 'NotFound', 'looking at an absent object');
      await store.delete([key]);
    },
  },
  {
    name: 'of several writers that want to be first, exactly one wins',
    needs: 'conditionalPut',
    run: async ({ store, folder }) => {
      const key = `${folder}first.json`;
      const put = async (index: number): Promise<StoreErrorCode | 'ok'> =>
        (await codeOf(store.put({ key, body: Buffer.from(`writer ${String(index)}`), ifAbsent: true }))) ?? 'ok';
      const results = await Promise.all(Array.from({ length: RACERS }, async (_, index) => await put(index)));
      expectEqual(results.filter((result) => result === 'ok').length, 1, 'number of winners');
      const winner = results.indexOf('ok');
      expectEqual((await store.get({ key })).body.toString(), `writer ${String(winner)}`, 'the body of the winner');
      expectEqual(await put(99), 'AlreadyExists', 'a later writer');
    },
  },
  {
    name: 'a write that is to replace one version fails when another is there, or none',
    needs: 'conditionalReplace',
    run: async ({ store, folder }) => {
      const key = `${folder}replaced.cfg`;
      await store.put({ key, body: Buffer.from('first') });
      const { etag = '' } = await store.head({ key });
      await store.put({ key, body: Buffer.from('second'), ifMatch: etag });
      const late = store.put({ key, body: Buffer.from('third'), ifMatch: etag });
      expectEqual(await codeOf(late), 'AlreadyExists', 'replacing a version that is not there any more');
      expectEqual((await store.get({ key })).body.toString(), 'second', 'the object after it');
      await store.delete([key]);
      const gone = store.put({ key, body: Buffer.from('fourth'), ifMatch: etag });
      expectEqual(await codeOf(gone), 'AlreadyExists', 'replacing what is gone');
    },
  },
  {
    name: 'deleting many keys removes them and nothing else',
    run: async ({ store, folder }) => {
      const keys = Array.from({ length: 12 }, (_, index) => `${folder}many/${String(index)}.blk`);
      await Promise.all(keys.map(async (key) => await store.put({ key, body: Buffer.from(key) })));
      await store.delete([...keys.slice(0, 11), `${folder}many/absent.blk`]);
      const left = await store.list({ prefix: `${folder}many/` });
      expectEqual(
        left.objects.map((object) => object.key),
        keys.slice(11),
        'what is left',
      );
    },
  },
  {
    name: 'a call that is cancelled ends as Cancelled',
    run: async ({ store, folder }) => {
      const signal = AbortSignal.abort();
      expectEqual(await codeOf(store.get({ key: `${folder}x.cfg`, signal })), 'Cancelled', 'a cancelled read');
      expectEqual(await codeOf(store.list({ prefix: folder, signal })), 'Cancelled', 'a cancelled listing');
    },
  },
  {
    name: "the store's clock is within 15 minutes of this machine's",
    run: async ({ store, folder, now }) => {
      const key = `${folder}clock.cfg`;
      await store.put({ key, body: Buffer.from('x') });
      const skewMs = Math.abs((await store.head({ key })).mtimeMs - now());
      expectTrue(skewMs < 15 * 60_000, `the clocks differ by ${String(Math.round(skewMs / 1000))} s`);
    },
  },
];

async function codeOf(call: Promise<unknown>): Promise<StoreErrorCode | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (!isStoreError(error)) throw error;
    return error.code;
  }
}
