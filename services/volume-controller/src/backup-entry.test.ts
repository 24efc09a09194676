import { expect } from 'chai';
import type { Backup } from '@mooring/api';
import { Interner } from '@mooring/runtime';
import { toBackupEntry, volumeKey, volumeKeyOf } from './backup-entry.ts';

function backupOf(change: Partial<Omit<Backup, 'metadata'>> & { metadata?: Partial<Backup['metadata']> } = {}): Backup {
  return {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'Backup',
    spec: {},
    ...change,
    metadata: { name: 'backup-1', ...change.metadata },
  };
}

describe('toBackupEntry', () => {
  it('takes an object as Longhorn wrote it, with nulls and without stamps', () => {
    const spec = { snapshotName: '', labels: null, syncRequestedAt: null };
    const entry = toBackupEntry(
      backupOf({ spec, metadata: { labels: { 'backup-target': 'default' } } }),
      new Interner(),
    );
    expect(entry).to.include({
      target: 'default',
      volume: '',
      storeName: 'backup-1',
      stamp: '',
      store: '',
      targetUid: '',
      ownerUid: '',
      isLocal: false,
      state: '',
      syncRequestedAt: '',
      isDeleting: false,
    });
  });

  it('takes the name in the store from the annotation, and the owner from the reference to a BackupVolume', () => {
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'other' },
      { apiVersion: 'longhorn.io/v1beta2', kind: 'BackupVolume', name: 'v', uid: 'volume-uid' },
    ];
    const annotations = { 'mooring.io/store-name': 'Backup_1', 'mooring.io/config-etag': 'etag' };
    const entry = toBackupEntry(backupOf({ metadata: { annotations, ownerReferences } }), new Interner());
    expect(entry).to.include({ storeName: 'Backup_1', stamp: 'etag', ownerUid: 'volume-uid' });
  });

  it('tells a Backup made from a Snapshot from a pulled one, and a dying one from a living one', () => {
    const entry = toBackupEntry(
      backupOf({ spec: { snapshotName: 'snap' }, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      new Interner(),
    );
    expect(entry).to.include({ isLocal: true, isDeleting: true });
  });
});

describe('volumeKeyOf', () => {
  it('finds by real names what labels say in short form', () => {
    const name = 'v'.repeat(200);
    const key = volumeKeyOf('default', name);
    expect(key.length).to.be.lessThan('default/'.length + 64);
    expect(key).to.equal(volumeKey('default', key.slice('default/'.length)));
    expect(volumeKeyOf('default', 'pvc-1')).to.equal('default/pvc-1');
  });
});
