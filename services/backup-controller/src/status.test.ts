import { expect } from 'chai';
import type { Backup } from '@mooring/api';
import { type BackupHead, decodeBackupHead } from '@mooring/backupstore';
import { settle } from '@mooring/runtime';
import { BackupConfigError, endOfPass, type Finding, type ReadResult, statusAfterRead } from './status.ts';
import { volumeOf } from './test-objects.ts';

const STARTED_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function headOf(change: Record<string, unknown> = {}): BackupHead {
  const config = {
    Name: 'backup-1',
    VolumeName: 'pvc-1',
    SnapshotName: 'snap1',
    SnapshotCreatedAt: '2025-01-02T04:00:00Z',
    CreatedTime: '2025-01-02T04:01:00Z',
    Size: '8388608',
    Labels: { x: 'y', VolumeRecurringJobInfo: '{}', 'longhorn.io/volume-access-mode': 'rwx' },
    CompressionMethod: 'lz4',
    NewlyUploadedDataSize: '2460423',
    ReUploadedDataSize: '7',
    ...change,
  };
  const body = Buffer.from(JSON.stringify(config));
  const head = decodeBackupHead({ body, isComplete: true }, { key: 'backup.cfg' });
  if (head === undefined) throw new Error('the head is not complete');
  return head;
}

function statusOf(finding: Finding, change: Partial<ReadResult> = {}): NonNullable<Backup['status']> {
  const result: ReadResult = {
    before: undefined,
    target: { name: 'default', url: 's3://bucket@us-east-1/prefix' },
    volume: volumeOf({ backingImageName: 'img' }),
    storeName: 'backup-1',
    finding,
    startedMs: STARTED_MS,
    requested: '',
    ...change,
  };
  const conditions = result.before?.conditions;
  const verdict = settle({ pass: endOfPass(finding), conditions, generation: 3, nowIso: '2026-01-02T03:04:06Z' });
  return statusAfterRead(result, verdict);
}

describe('the status of a Backup', () => {
  it('has every field that Longhorn writes', () => {
    const { conditions, ...status } = statusOf(headOf(), { requested: 'r' });
    expect(status).to.deep.equal({
      ownerID: '',
      state: 'Completed',
      progress: 100,
      replicaAddress: '',
      error: '',
      url: 's3://bucket@us-east-1/prefix?backup=backup-1&volume=pvc-1',
      snapshotName: 'snap1',
      snapshotCreatedAt: '2025-01-02T04:00:00Z',
      backupCreatedAt: '2025-01-02T04:01:00Z',
      size: '8388608',
      labels: { x: 'y', 'longhorn.io/volume-access-mode': 'rwx' },
      messages: {},
      volumeName: 'pvc-1',
      volumeSize: '1073741824',
      volumeCreated: '2026-01-01T00:00:00Z',
      volumeBackingImageName: 'img',
      compressionMethod: 'lz4',
      newlyUploadDataSize: '2460423',
      reUploadedDataSize: '7',
      backupTargetName: 'default',
      lastSyncedAt: '2026-01-02T03:04:05Z',
      observedGeneration: 3,
      observedSyncRequestedAt: 'r',
    });
    expect(conditions?.[0]).to.include({ type: 'Ready', status: 'True', reason: 'Completed' });
  });

  it('says of a backup in progress that it is, without an error', () => {
    const status = statusOf(headOf({ CreatedTime: '', SnapshotName: '', Size: '0' }));
    expect(status).to.include({ state: 'InProgress', progress: 0, error: '' });
    expect(status.conditions?.[0]).to.include({ status: 'False', reason: 'InProgress' });
  });

  it('says of a corrupt config what is wrong, and keeps what was known', () => {
    const before = statusOf(headOf());
    const status = statusOf(new BackupConfigError('Corrupt', 'failed to decode it'), { before });
    expect(status).to.include({ state: 'Error', error: 'failed to decode it', size: '8388608', snapshotName: 'snap1' });
    expect(status.messages).to.deep.equal({ error: 'failed to decode it' });
    expect(status.conditions?.[0]).to.include({ status: 'False', reason: 'Corrupt' });
  });

  it('says no error any more once the config is good again', () => {
    const before = statusOf(new BackupConfigError('Corrupt', 'failed to decode it'));
    const status = statusOf(headOf(), { before });
    expect(status).to.include({ state: 'Completed', error: '' });
    expect(status.messages).to.deep.equal({});
  });

  it('leaves the request open when the config is gone: the sync of the volume decides what that means', () => {
    const status = statusOf(new BackupConfigError('ConfigNotFound', 'cannot find it'), { requested: 'r' });
    expect(status.lastSyncedAt).to.equal(undefined);
    expect(status.observedSyncRequestedAt).to.equal(undefined);
    expect(status.state).to.equal('');
    expect(status.conditions?.[0]).to.include({ status: 'False', reason: 'ConfigNotFound' });
  });

  it('keeps the very list of conditions when nothing changed', () => {
    const before = statusOf(headOf());
    expect(statusOf(headOf(), { before }).conditions).to.equal(before.conditions);
  });
});
