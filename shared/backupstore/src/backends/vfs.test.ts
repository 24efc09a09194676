import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { StoreError } from '../errors.ts';
import { compareKeys } from '../layout.ts';
import { VfsStore } from './vfs.ts';

describe('a store in a directory', () => {
  let base: string;
  let root: string;
  let store: VfsStore;
  beforeEach(async () => {
    base = await mkdtemp(path.join(tmpdir(), 'mooring-vfs-'));
    root = path.join(base, 'store');
    store = new VfsStore(root);
  });
  afterEach(async () => {
    await rm(base, { recursive: true, force: true });
  });

  async function codeOf(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => undefined,
      (cause: unknown) => cause,
    );
    return error instanceof StoreError ? error.code : 'ok';
  }

  it('makes folders only its owner can enter, and leaves no leftovers', async () => {
    await store.put({ key: 'backupstore/a/b.cfg', body: Buffer.from('x') });
    const mode = (await lstat(path.join(root, 'backupstore/a'))).mode & 0o777;
    expect(mode).to.equal(0o700);
    expect(await readdir(path.join(root, 'backupstore/a'))).to.deep.equal(['b.cfg']);
  });

  it('never lists what killed writes have left, and sweeps it with the folders that are empty then', async () => {
    await store.put({ key: 'backupstore/a/b.cfg', body: Buffer.from('x') });
    await mkdir(path.join(root, 'backupstore/a/blocks/00/11'), { recursive: true });
    for (const place of ['a/b.cfg.tmp.1700000000000000000', 'a/blocks/00/11/c.blk.tmp.1700000000000000001', 'z.tmp.17'])
      await writeFile(path.join(root, 'backupstore', place), 'half');
    const keys = async () => (await store.list({ prefix: 'backupstore/' })).objects.map(({ key }) => key);
    expect(await keys()).to.deep.equal(['backupstore/a/b.cfg']);
    await store.sweepLeftovers('backupstore/a/');
    await store.sweepLeftovers('backupstore/absent/');
    expect(await readdir(path.join(root, 'backupstore'), { recursive: true })).to.deep.equal([
      'a',
      'z.tmp.17',
      'a/b.cfg',
    ]);
    expect(await codeOf(store.sweepLeftovers('../'))).to.equal('Invalid');
  });

  it('sweeps only what was left before a time, where one is said', async () => {
    const folder = path.join(root, 'backupstore/a');
    await mkdir(folder, { recursive: true });
    for (const [name, seconds] of [
      ['old.tmp.1', 1000],
      ['new.tmp.2', 2000],
    ] as const) {
      await writeFile(path.join(folder, name), 'half');
      await utimes(path.join(folder, name), seconds, seconds);
    }
    await store.sweepLeftovers('backupstore/a/', { writtenBeforeMs: 2_000_000 });
    expect(await readdir(folder)).to.deep.equal(['new.tmp.2']);
  });

  it('refuses keys that leave the root, whatever the call', async () => {
    for (const key of ['../x', 'a/../../x', '/etc/passwd', 'a//b', 'a/./b', '', 'a\0b']) {
      const body = Buffer.from('x');
      expect(await codeOf(store.get({ key })), key).to.equal('Invalid');
      expect(await codeOf(store.head({ key })), key).to.equal('Invalid');
      expect(await codeOf(store.put({ key, body })), key).to.equal('Invalid');
      expect(await codeOf(store.delete([key])), key).to.equal('Invalid');
    }
    expect(await codeOf(store.list({ prefix: '../' }))).to.equal('Invalid');
    expect(await readdir(base)).to.deep.equal([]);
  });

  it('follows no link inside the root: not to read, not to write, not to list', async () => {
    await mkdir(path.join(base, 'outside'));
    await writeFile(path.join(base, 'outside/secret.cfg'), 'secret');
    await mkdir(path.join(root, 'backupstore'), { recursive: true });
    await symlink(path.join(base, 'outside'), path.join(root, 'backupstore/link'));
    await symlink(path.join(base, 'outside/secret.cfg'), path.join(root, 'backupstore/file.cfg'));
    expect(await codeOf(store.get({ key: 'backupstore/link/secret.cfg' }))).to.equal('Invalid');
    expect(await codeOf(store.get({ key: 'backupstore/file.cfg' }))).to.equal('Invalid');
    expect(await codeOf(store.put({ key: 'backupstore/link/new.cfg', body: Buffer.from('x') }))).to.equal('Invalid');
    expect(await codeOf(store.put({ key: 'backupstore/link/deep/new.cfg', body: Buffer.from('x') }))).to.equal(
      'Invalid',
    );
    expect(await codeOf(store.delete(['backupstore/link/secret.cfg']))).to.equal('Invalid');
    expect(await codeOf(store.list({ prefix: 'backupstore/link/' }))).to.equal('Invalid');
    const page = await store.list({ prefix: '' });
    expect(page.objects).to.deep.equal([]);
    expect(await readdir(path.join(base, 'outside'))).to.deep.equal(['secret.cfg']);
    expect(await readFile(path.join(base, 'outside/secret.cfg'), 'utf8')).to.equal('secret');
  });

  it('may itself be a link', async () => {
    await mkdir(root);
    await symlink(root, path.join(base, 'alias'));
    const alias = new VfsStore(path.join(base, 'alias'));
    await alias.put({ key: 'backupstore/x.cfg', body: Buffer.from('x') });
    expect((await store.get({ key: 'backupstore/x.cfg' })).body.toString()).to.equal('x');
  });

  it('removes folders that have become empty, as Longhorn does, but not backupstore itself', async () => {
    await store.put({ key: 'backupstore/a/b/c.cfg', body: Buffer.from('x') });
    await store.delete(['backupstore/a/b/c.cfg']);
    expect(await readdir(path.join(root, 'backupstore'))).to.deep.equal([]);
  });

  it('says so when the root is a file', async () => {
    await writeFile(root, 'x');
    expect(await codeOf(store.list({ prefix: '' }))).to.equal('BucketNotFound');
    expect(await codeOf(store.list({ prefix: 'backupstore/volumes/' }))).to.equal('BucketNotFound');
    expect(await codeOf(store.put({ key: 'backupstore/x.cfg', body: Buffer.from('x') }))).to.not.equal('ok');
  });

  it('ends where the file system takes no folder and only says that there is none', async () => {
    const proc = new VfsStore('/proc/mooring-store');
    expect(await codeOf(proc.put({ key: 'backupstore/x.cfg', body: Buffer.from('x') }))).to.equal('NotFound');
  });

  it('lists any tree in byte order, page by page, from any start', async () => {
    const segment = fc.constantFrom('a', 'a.b', 'a-b', 'b', 'B', 'é', 'zz');
    const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => `${segments.join('/')}.cfg`);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 12 }),
        fc.option(key, { nil: undefined }),
        async (keys, startAfter) => {
          const folder = path.join(base, 'tree');
          await rm(folder, { recursive: true, force: true });
          const tree = new VfsStore(folder);
          for (const each of keys) await tree.put({ key: each, body: Buffer.from(each) });
          const found: string[] = [];
          let continuation: string | undefined;
          do {
            const place =
              continuation !== undefined ? { continuation } : startAfter !== undefined ? { startAfter } : {};
            const page = await tree.list({ prefix: '', maxKeys: 3, ...place });
            found.push(...page.objects.map((object) => object.key));
            continuation = page.continuation;
          } while (continuation !== undefined);
          const expected = keys.filter((each) => startAfter === undefined || compareKeys(each, startAfter) > 0);
          expect(found).to.deep.equal(expected.toSorted(compareKeys));
        },
      ),
      { numRuns: 60 },
    );
  });
});
