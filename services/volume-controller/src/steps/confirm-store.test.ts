import { expect } from 'chai';
import type { BackupTarget } from '@mooring/api';
import { MARKER_KEY, type ObjectStore, StoreError, writeMarker, openStore } from '@mooring/backupstore';
import { temporaryFolder } from '@mooring/testing';
import { confirmStore, StoreNotConfirmed } from './confirm-store.ts';

function targetOf(storeID?: string): BackupTarget {
  return {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'BackupTarget',
    metadata: { name: 'default' },
    spec: { backupTargetURL: 'vfs:///store' },
    status: { available: true, ...(storeID === undefined ? {} : { storeID }) },
  };
}

describe('confirmStore', () => {
  const { signal } = new AbortController();
  let store: ObjectStore;

  beforeEach(async () => {
    store = await openStore({ url: `vfs://${await temporaryFolder('confirm-store')}` });
  });
  afterEach(() => store.close());

  async function outcome(target: BackupTarget): Promise<unknown> {
    return await confirmStore(store, target, signal).catch((error: unknown) => error);
  }

  it('passes the store that the target saw last', async () => {
    const { storeID } = await writeMarker(store);
    expect(await outcome(targetOf(storeID))).to.equal(undefined);
  });

  it('passes a store without marker: there is nothing to compare', async () => {
    expect(await outcome(targetOf())).to.equal(undefined);
  });

  it('refuses another store, and is tried again by itself', async () => {
    await writeMarker(store);
    const error = await outcome(targetOf('former'));
    expect(error).to.be.instanceOf(StoreNotConfirmed).and.to.include({ kind: 'transient', reason: 'StoreReplaced' });
  });

  it('refuses a store that the target has not recorded yet, as after a change of the URL', async () => {
    await writeMarker(store);
    expect(await outcome(targetOf())).to.be.instanceOf(StoreNotConfirmed);
  });

  it('refuses a marker that cannot be read', async () => {
    await store.put({ key: MARKER_KEY, body: Buffer.from('garbage') });
    expect(await outcome(targetOf('former')))
      .to.be.instanceOf(StoreError)
      .and.to.include({ code: 'Corrupt' });
  });
});
