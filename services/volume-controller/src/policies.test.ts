import { expect } from 'chai';
import fc from 'fast-check';
import type { BackupTarget, BackupVolume } from '@mooring/api';
import type { BackupEntry } from './backup-entry.ts';
import { decidePass, type ListedBackup, type Pass, planSync, type SyncFacts } from './policies.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const OWNER = { uid: 'volume-uid', store: 'store-hash', targetUid: 'target-uid' };

type Change<T extends BackupVolume | BackupTarget> = Partial<Omit<T, 'metadata'>> & {
  metadata?: Partial<T['metadata']>;
};

function volumeOf(change: Change<BackupVolume> = {}): BackupVolume {
  return {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'BackupVolume',
    spec: { backupTargetName: 'default', volumeName: 'pvc-1' },
    ...change,
    metadata: {
      name: 'pvc-1-abc',
      finalizers: ['longhorn.io'],
      annotations: { 'mooring.io/target-uid': OWNER.targetUid },
      ...change.metadata,
    },
  };
}

function targetOf(change: Change<BackupTarget> = {}): BackupTarget {
  return {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'BackupTarget',
    spec: { backupTargetURL: 's3://b@r/' },
    status: { available: true },
    ...change,
    metadata: { name: 'default', uid: OWNER.targetUid, ...change.metadata },
  };
}

function entryOf(storeName: string, change: Partial<BackupEntry> = {}): BackupEntry {
  return {
    metadata: { name: storeName, namespace: 'longhorn-system', uid: `uid-${storeName}`, resourceVersion: '1' },
    target: 'default',
    volume: 'pvc-1',
    storeName,
    stamp: 'etag-1',
    store: OWNER.store,
    targetUid: OWNER.targetUid,
    ownerUid: OWNER.uid,
    isLocal: false,
    state: 'Completed',
    syncRequestedAt: '',
    isDeleting: false,
    ...change,
  };
}

function listedOf(name: string, etag = 'etag-1'): ListedBackup {
  return { name, etag, mtimeMs: NOW_MS - 60_000, size: 100 };
}

function factsOf(change: Partial<SyncFacts> = {}): SyncFacts {
  return { listed: [], isListingBelieved: true, entries: [], owner: OWNER, nowMs: NOW_MS, ...change };
}

describe('decidePass', () => {
  const synced = { lastSyncedAt: '2026-01-01T00:00:00Z', observedSyncRequestedAt: 'a' };
  const gone = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  const rows: [string, BackupVolume, BackupTarget | undefined, Pass][] = [
    ['a volume that never synced is synced', volumeOf(), targetOf(), 'sync'],
    ['a synced volume rests', volumeOf({ status: synced }), targetOf(), 'rest'],
    [
      'a request that was not answered is, whatever its time',
      volumeOf({ spec: { ...volumeOf().spec, syncRequestedAt: '2001-01-01T00:00:00Z' }, status: synced }),
      targetOf(),
      'sync',
    ],
    [
      'a request that was answered is not again',
      volumeOf({ spec: { ...volumeOf().spec, syncRequestedAt: 'a' }, status: synced }),
      targetOf(),
      'rest',
    ],
    ['it waits for an absent target', volumeOf(), undefined, 'wait'],
    ['it waits for a target without URL', volumeOf(), targetOf({ spec: { backupTargetURL: '' } }), 'wait'],
    ['it waits while the target is being deleted', volumeOf(), targetOf({ metadata: gone }), 'wait'],
    ['it waits when another target took the name', volumeOf(), targetOf({ metadata: { uid: 'other' } }), 'wait'],
    [
      'a volume that Longhorn made has no stamp and is synced',
      volumeOf({ metadata: { annotations: {} } }),
      targetOf(),
      'sync',
    ],
    [
      'one that an uninstall let go is claimed again',
      volumeOf({ metadata: { finalizers: [] }, status: synced }),
      undefined,
      'claim',
    ],
    [
      'one that waits for its target is claimed meanwhile',
      volumeOf({ metadata: { finalizers: ['x/y'] } }),
      undefined,
      'claim',
    ],
    ['one that is to be synced is claimed by that', volumeOf({ metadata: { finalizers: [] } }), targetOf(), 'sync'],
    ['a deleted volume is released', volumeOf({ metadata: gone }), targetOf(), 'release'],
    ['a deleted volume is released without its target', volumeOf({ metadata: gone }), undefined, 'release'],
    [
      "a deleted volume with only others' finalizers rests",
      volumeOf({ metadata: { ...gone, finalizers: ['x/y'] } }),
      undefined,
      'rest',
    ],
  ];
  for (const [title, volume, target, pass] of rows) {
    it(title, () => expect(decidePass(volume, target)).to.equal(pass));
  }
});

describe('planSync', () => {
  it('creates what only the store has and removes what only the cluster has', () => {
    const plan = planSync(
      factsOf({ listed: [listedOf('b1'), listedOf('b2')], entries: [entryOf('b2'), entryOf('b3')] }),
    );
    expect(plan.create).to.deep.equal([{ storeName: 'b1', stamp: 'etag-1' }]);
    expect(plan.remove.map((entry) => entry.storeName)).to.deep.equal(['b3']);
    expect(plan.change).to.deep.equal([]);
  });

  it('believes an empty folder beside volume.cfg, and removes nothing where there is no volume.cfg', () => {
    const entries = [entryOf('b1'), entryOf('b2')];
    expect(planSync(factsOf({ entries })).remove).to.have.length(2);
    expect(planSync(factsOf({ entries, isListingBelieved: false })).remove).to.deep.equal([]);
  });

  it('asks for a config whose ETag changed, with one change', () => {
    const entries = [entryOf('b1'), entryOf('b2')];
    const plan = planSync(factsOf({ listed: [listedOf('b1', 'etag-2'), listedOf('b2')], entries }));
    expect(plan.change).to.deep.equal([{ entry: entries[0], stamp: 'etag-2', isAsked: true }]);
  });

  it('asks again for a backup that was in progress, and not for one whose config is corrupt', () => {
    const entries = [entryOf('b1', { state: 'InProgress' }), entryOf('b2', { state: 'Error' })];
    const plan = planSync(factsOf({ listed: [listedOf('b1'), listedOf('b2')], entries }));
    expect(plan.change.map(({ entry }) => entry.storeName)).to.deep.equal(['b1']);
  });

  it('refreshes store, target and owner when those of the volume changed', () => {
    const entries = [
      entryOf('b1', { store: 'old' }),
      entryOf('b2', { targetUid: 'old' }),
      entryOf('b3', { ownerUid: 'old' }),
    ];
    const plan = planSync(factsOf({ listed: entries.map((entry) => listedOf(entry.storeName)), entries }));
    expect(plan.change.map(({ isAsked }) => isAsked)).to.deep.equal([true, true, false]);
  });

  it('leaves a backup that was made here alone until it is completed', () => {
    const running = entryOf('b1', { isLocal: true, state: 'InProgress' });
    const completed = entryOf('b2', { isLocal: true, ownerUid: '', stamp: '' });
    expect(planSync(factsOf({ entries: [running, completed] })).remove).to.deep.equal([completed]);
    const listed = [listedOf('b1'), listedOf('b2')];
    const { create, change, remove } = planSync(factsOf({ listed, entries: [running, completed] }));
    expect([create, remove]).to.deep.equal([[], []]);
    // From then on it is as if it had been pulled: owned by its volume, and read.
    expect(change.map(({ entry, isAsked }) => [entry, isAsked])).to.deep.equal([[completed, true]]);
  });

  it('waits for an object that is still being deleted, and never deletes it twice', () => {
    const entries = [entryOf('b1', { isDeleting: true }), entryOf('b2', { isDeleting: true })];
    const plan = planSync(factsOf({ listed: [listedOf('b1')], entries }));
    expect(plan.waiting).to.deep.equal([entries[0]]);
    expect(plan.create).to.deep.equal([]);
    expect(plan.remove).to.deep.equal([]);
  });

  it('keeps one of several objects of one backup: the living one under the plain name', () => {
    const plain = entryOf('b1');
    const other = entryOf('b1', { metadata: { ...plain.metadata, name: 'b1-0a1b2c3d' } });
    const dying = entryOf('b1', { isDeleting: true });
    const plan = planSync(factsOf({ listed: [listedOf('b1')], entries: [dying, other, plain] }));
    expect(plan.remove).to.deep.equal([other]);
    expect(plan.waiting).to.deep.equal([]);
  });

  it('reaches a plan with nothing to do once its own plan is done', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9_-]{2,8}$/), { maxLength: 12 });
    fc.assert(
      fc.property(names, names, (inStore, inCluster) => {
        const listed = inStore.map((name) => listedOf(name));
        const entries = inCluster.map((name) => entryOf(name));
        const plan = planSync(factsOf({ listed, entries }));
        const after = [
          ...entries.filter((entry) => !plan.remove.includes(entry)),
          ...plan.create.map(({ storeName }) => entryOf(storeName)),
        ];
        const next = planSync(factsOf({ listed, entries: after }));
        expect([...next.create, ...next.change, ...next.remove]).to.deep.equal([]);
        expect(after.map((entry) => entry.storeName)).to.have.members(inStore);
      }),
    );
  });
});
