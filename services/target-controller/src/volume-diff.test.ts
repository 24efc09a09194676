import { expect } from 'chai';
import { API_VERSION, type BackupVolume, type ObjectMeta } from '@mooring/api';
import { decideVolume, indexVolumes, isForeign, type VolumeChange, type VolumeFacts } from './volume-diff.ts';

const stamp = { targetUid: 'uid-1', store: 'store-1' };
const annotations = {
  'mooring.io/target-uid': 'uid-1',
  'mooring.io/store': 'store-1',
  'mooring.io/store-name': 'v',
  'mooring.io/fingerprint': 'f1',
};
const owner = { apiVersion: API_VERSION, kind: 'BackupTarget', name: 't', uid: 'uid-1' };

function volume(metadata: Partial<ObjectMeta> = {}, change: Partial<BackupVolume> = {}): BackupVolume {
  return {
    apiVersion: API_VERSION,
    kind: 'BackupVolume',
    metadata: {
      name: 'v-1',
      annotations,
      ownerReferences: [owner],
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: { backupTargetName: 't', volumeName: 'v' },
    status: { lastSyncedAt: '2026-01-01T00:00:00Z' },
    ...change,
  };
}

describe('a volume in the store', () => {
  const pending = { backupTargetName: 't', volumeName: 'v', syncRequestedAt: '2026-01-02T00:00:00Z' };
  const cases: [string, Partial<VolumeFacts>, VolumeChange][] = [
    ['without object gets one', { existing: undefined }, 'create'],
    ['that is as it was is left alone', {}, 'none'],
    ['whose files changed is asked for', { fingerprint: 'f2' }, 'update'],
    ['with a Backup object too few is asked for', { backupsMirrored: 1 }, 'update'],
    ['with a Backup object too many is asked for', { backupsMirrored: 3 }, 'update'],
    [
      'with a Backup too few whose sync is still to come is not asked for again',
      { backupsMirrored: 1, existing: volume({}, { spec: pending }) },
      'none',
    ],
    ['that was never synced needs no request', { backupsMirrored: 0, existing: volume({}, { status: {} }) }, 'none'],
    [
      'whose files changed again before its sync gets the new fingerprint',
      { fingerprint: 'f2', existing: volume({}, { spec: pending }) },
      'update',
    ],
    [
      'whose object is being deleted waits',
      { existing: volume({ deletionTimestamp: '2026-01-01T00:00:00Z' }) },
      'blocked',
    ],
    [
      'whose object is of an earlier target of that name gets a new one',
      { existing: volume({ annotations: { ...annotations, 'mooring.io/target-uid': 'uid-0' } }) },
      'replace',
    ],
    ['whose object came from another store is stamped anew', { stamp: { ...stamp, store: 'store-2' } }, 'adopt'],
    ['whose object Longhorn made is adopted', { existing: volume({ annotations: {} }) }, 'adopt'],
    ['whose object no one owns is adopted', { existing: volume({ annotations: {}, ownerReferences: [] }) }, 'adopt'],
  ];
  for (const [name, change, expected] of cases) {
    it(name, () => {
      const facts = { existing: volume(), fingerprint: 'f1', backupsListed: 2, backupsMirrored: 2, stamp, ...change };
      expect(decideVolume(facts)).to.equal(expected);
    });
  }
});

describe('an object', () => {
  const cases: [string, ObjectMeta, boolean][] = [
    ['with our stamp is ours', volume().metadata, false],
    ['with another stamp is foreign', { name: 'x', annotations: { 'mooring.io/target-uid': 'uid-0' } }, true],
    ['without stamp is its owner’s', { name: 'x', ownerReferences: [{ ...owner, uid: 'uid-0' }] }, true],
    ['without stamp and owner is no one’s', { name: 'x' }, false],
  ];
  for (const [name, metadata, foreign] of cases) {
    it(name, () => {
      expect(isForeign(metadata, 'uid-1')).to.equal(foreign);
    });
  }
});

describe('the objects of a target', () => {
  it('are found by what their spec says, whatever they are called', () => {
    const { byVolume, surplus } = indexVolumes('t', [volume({ name: 'bv-random' })]);
    expect(byVolume.get('v')?.metadata.name).to.equal('bv-random');
    expect(surplus).to.deep.equal([]);
  });

  it('are reduced to the oldest of each volume', () => {
    const old = volume({ name: 'z-old', creationTimestamp: '2025-01-01T00:00:00Z' });
    const { byVolume, surplus } = indexVolumes('t', [volume(), old]);
    expect(byVolume.get('v')?.metadata.name).to.equal('z-old');
    expect(surplus.map(({ metadata }) => metadata.name)).to.deep.equal(['v-1']);
  });

  it('prefer one that is not being deleted', () => {
    const dying = volume({
      name: 'a',
      creationTimestamp: '2025-01-01T00:00:00Z',
      deletionTimestamp: '2026-01-01T00:00:00Z',
    });
    expect(indexVolumes('t', [dying, volume()]).byVolume.get('v')?.metadata.name).to.equal('v-1');
  });

  it('include those with our label whose spec names nothing, to be removed', () => {
    const empty = volume({ name: 'e', labels: { 'backup-target': 't' } }, { spec: {} });
    const others = volume({ name: 'o' }, { spec: { backupTargetName: 'other', volumeName: 'v' } });
    const { byVolume, surplus } = indexVolumes('t', [empty, others]);
    expect(byVolume.size).to.equal(0);
    expect(surplus.map(({ metadata }) => metadata.name)).to.deep.equal(['e']);
  });
});
