import { compareKeys } from '../layout.ts';
import { forEachParallel } from '../parallel.ts';
import type { ListOptions, ObjectStore } from '../store.ts';
import { expectEqual, type Check, type CheckContext } from './check.ts';

// Byte order differs from a locale's and from that of folders. Above U+FFFF it also differs from UTF-16's, which Azurite
// (not Azure) sorts by; no name of the format gets there, and a scan notices.
const NAMES = [
  'A.cfg',
  'BackupFiles/x.bak',
  'Z.cfg',
  'a-b.cfg',
  'a.b.cfg',
  'a/b.cfg',
  'a/c/d.cfg',
  'a0.cfg',
  'aB.cfg',
  'aa.cfg',
  'blocks/ab/cd/x.blk',
  'blocks-x.cfg',
  'volume.cfg',
  'é.cfg',
  '\uffee.cfg',
];
const PAGE = 4;
const MANY = 1005;

/** Checks of listings. */
export const listChecks: readonly Check[] = [
  {
    name: 'a listing holds every key below a prefix, page by page, each once',
    run: async (context) => {
      const keys = await fill(context);
      const found: string[] = [];
      let continuation: string | undefined;
      do {
        const page = await context.store.list({
          prefix: context.folder,
          maxKeys: PAGE,
          ...(continuation !== undefined && { continuation }),
        });
        found.push(...page.objects.map((object) => object.key));
        continuation = page.continuation;
      } while (continuation !== undefined);
      expectEqual(found.toSorted(compareKeys), keys, 'the keys found');
    },
  },
  {
    name: 'a listing is in byte order of the keys',
    needs: 'flatList',
    run: async (context) => {
      const keys = await fill(context);
      expectEqual(await listKeys(context.store, { prefix: context.folder }), keys, 'the keys in order');
    },
  },
  {
    name: 'a listing starts after the key it is told, whether there is such a key or not',
    needs: 'flatList',
    run: async (context) => {
      const { store, folder } = context;
      const keys = await fill(context);
      const starts = ['a-b.cfg', 'a/b', 'a/b.cfg', 'blocks0', 'blocks/zz', 'b', 'é', '\uffef', 'A'];
      for (const start of starts.map((name) => folder + name)) {
        const expected = keys.filter((key) => compareKeys(key, start) > 0);
        expectEqual(
          await listKeys(store, { prefix: folder, startAfter: start }),
          expected,
          `the keys after '${start}'`,
        );
      }
    },
  },
  {
    name: 'a page ends where the next one starts after its last key',
    needs: 'flatList',
    run: async (context) => {
      const keys = await fill(context);
      const found: string[] = [];
      for (let startAfter = context.folder; ;) {
        const page = await context.store.list({ prefix: context.folder, startAfter, maxKeys: PAGE });
        found.push(...page.objects.map((object) => object.key));
        startAfter = page.objects.at(-1)?.key ?? startAfter;
        if (page.continuation === undefined) break;
      }
      expectEqual(found, keys, 'the keys found');
    },
  },
  {
    name: 'a delimiter shows the folders and files directly below a prefix',
    run: async (context) => {
      const { store, folder } = context;
      await fill(context);
      const page = await store.list({ prefix: folder, delimiter: '/' });
      const files = NAMES.filter((name) => !name.includes('/')).map((name) => folder + name);
      const found = page.objects.map((object) => object.key).toSorted(compareKeys);
      expectEqual(found, files.toSorted(compareKeys), 'the files');
      const folders = ['BackupFiles/', 'a/', 'blocks/'].map((name) => folder + name);
      expectEqual(page.prefixes.toSorted(compareKeys), folders, 'the folders');
    },
  },
  {
    name: 'an absent folder lists as empty',
    run: async ({ store, folder }) => {
      const page = await store.list({ prefix: `${folder}absent/` });
      expectEqual([page.objects, page.prefixes, page.continuation], [[], [], undefined], 'the page');
    },
  },
  {
    name: 'more than 1,000 keys are all listed, flat and by folder',
    isLong: true,
    run: async ({ store, folder }) => {
      const names = Array.from({ length: MANY }, (_, index) => String(index).padStart(5, '0'));
      await forEachParallel(names, 32, async (name) => {
        await store.put({ key: `${folder}${name}/x.cfg`, body: Buffer.from('x') });
      });
      const flat = await listKeys(store, { prefix: folder });
      expectEqual(flat.length, MANY, 'keys listed flat');
      const folders = await listKeys(store, { prefix: folder, delimiter: '/' });
      expectEqual(new Set(folders).size, MANY, 'folders listed');
    },
  },
];

async function fill({ store, folder }: CheckContext): Promise<string[]> {
  const keys = NAMES.map((name) => folder + name);
  await Promise.all(keys.map(async (key) => await store.put({ key, body: Buffer.from(key) })));
  return keys.toSorted(compareKeys);
}

async function listKeys(store: ObjectStore, options: ListOptions): Promise<string[]> {
  const found: string[] = [];
  let continuation: string | undefined;
  do {
    const { startAfter, ...rest } = options;
    const page = await store.list({
      ...rest,
      ...(continuation !== undefined ? { continuation } : startAfter !== undefined && { startAfter }),
    });
    found.push(...page.objects.map((object) => object.key), ...page.prefixes);
    continuation = page.continuation;
  } while (continuation !== undefined);
  return found;
}
