import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { openStore } from '../open-store.ts';
import type { ObjectStore } from '../store.ts';
import { temporaryFolder } from '@mooring/testing';
import { ConfirmedStore } from './confirmed-store.ts';

describe('ConfirmedStore', () => {
  let root: string;
  let inner: ObjectStore;
  let asked: number;

  beforeEach(async () => {
    asked = 0;
    root = await temporaryFolder('confirmed-store');
    inner = await openStore({ url: `vfs://${root}` });
    for (const key of ['locks/a', 'data/b', 'data/c']) await inner.put({ key, body: Buffer.from('x') });
  });
  afterEach(() => inner.close());

  const storeThat = (confirm: () => Promise<void>): ObjectStore =>
    new ConfirmedStore({
      store: inner,
      locksPrefix: 'locks/',
      confirm: () => {
        asked++;
        return confirm();
      },
    });
  const keys = async (): Promise<string[]> => (await inner.list({ prefix: '' })).objects.map(({ key }) => key).sort();

  it('asks once, before the first deletion', async () => {
    const store = storeThat(() => Promise.resolve());
    await store.delete(['data/b']);
    await store.delete(['data/c']);
    expect(asked).to.equal(1);
    expect(await keys()).to.deep.equal(['locks/a']);
  });

  it('deletes nothing when the answer is no, and lets the lock go all the same', async () => {
    const store = storeThat(() => Promise.reject(new Error('no')));
    const outcome = await store.delete(['locks/a', 'data/b']).catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(Error);
    expect(await keys()).to.have.length(3);
    await store.delete(['locks/a']);
    expect(await keys()).to.deep.equal(['data/b', 'data/c']);
    expect(asked).to.equal(1);
  });

  it('sweeps what killed writes have left, when the answer is yes', async () => {
    await writeFile(join(root, 'data/b.tmp.1'), 'half');
    const refused = storeThat(() => Promise.reject(new Error('no')));
    expect(await refused.sweepLeftovers?.('data/').catch((error: unknown) => error)).to.be.instanceOf(Error);
    expect(await readdir(join(root, 'data'))).to.include('b.tmp.1');
    await storeThat(() => Promise.resolve()).sweepLeftovers?.('data/');
    expect(await readdir(join(root, 'data'))).to.not.include('b.tmp.1');
    expect(asked).to.equal(2);
  });

  it('passes everything else on', async () => {
    const store = storeThat(() => Promise.resolve());
    await store.put({ key: 'data/d', body: Buffer.from('y') });
    expect((await store.head({ key: 'data/d' })).size).to.equal(1);
    expect((await store.get({ key: 'data/d' })).body.toString()).to.equal('y');
    expect((await store.list({ prefix: 'data/' })).objects).to.have.length(3);
    expect(asked).to.equal(0);
  });
});
