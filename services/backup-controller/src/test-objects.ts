/** Objects for the tables of this folder's tests. */
import type { BackupTarget } from '@mooring/api';
import type { BackupEntry } from './backup-entry.ts';
import type { VolumeEntry } from './volume-entry.ts';

/** A pulled Backup that was just created. */
export function entryOf(change: Partial<BackupEntry> = {}): BackupEntry {
  return {
    metadata: {
      name: 'backup-1',
      namespace: 'longhorn-system',
      uid: 'uid',
      resourceVersion: '1',
      generation: 1,
      finalizers: ['longhorn.io'],
    },
    target: 'default',
    volume: 'pvc-1',
    storeName: 'backup-1',
    targetUid: 'target-uid',
    ownerUid: 'volume-uid',
    isLocal: false,
    snapshotName: '',
    createdMs: 0,
    blockSize: '',
    isDeleting: false,
    isObjectOnly: false,
    syncRequestedAt: '',
    traceparent: '',
    hasStatus: false,
    isSynced: false,
    observedSyncRequestedAt: '',
    state: '',
    verifyWish: '',
    verifiedMs: 0,
    hasBadBlocks: false,
    readyReason: '',
    sizeBytes: 0,
    uploadedBytes: 0,
    recurringJob: '',
    ...change,
  };
}

/** The volume of `entryOf`, synced. */
export function volumeOf(change: Partial<VolumeEntry> = {}): VolumeEntry {
  return {
    metadata: { name: 'pvc-1-abc', namespace: 'longhorn-system', uid: 'volume-uid', resourceVersion: '1' },
    target: 'default',
    volumeName: 'pvc-1',
    isDeleting: false,
    hasVerdict: true,
    size: '1073741824',
    createdAt: '2026-01-01T00:00:00Z',
    backingImageName: '',
    ...change,
  };
}

type TargetChange = Partial<Omit<BackupTarget, 'metadata'>> & { metadata?: Partial<BackupTarget['metadata']> };

/** The target of `entryOf`, available. */
export function targetOf(change: TargetChange = {}): BackupTarget {
  return {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'BackupTarget',
    spec: { backupTargetURL: 's3://b@r/' },
    status: { available: true },
    ...change,
    metadata: { name: 'default', uid: 'target-uid', ...change.metadata },
  };
}
