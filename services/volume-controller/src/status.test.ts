import { expect } from 'chai';
import type { BackupVolume } from '@mooring/api';
import { decodeVolumeConfig } from '@mooring/backupstore';
import { settle, type Verdict } from '@mooring/runtime';
import { type ConfigReading, endOfPass, type PassResult, statusAfterSync, VolumeConfigError } from './status.ts';

const STARTED_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const CONFIG = decodeVolumeConfig(
  Buffer.from(
    '{"Name":"pvc-lz4","Size":"16777216","Labels":{"a":"b"},"CreatedTime":"2025-01-02T03:04:05Z","LastBackupName":"b2",' +
      '"LastBackupAt":"2025-01-02T05:00:00Z","BlockCount":"5","BackingImageName":"\\"img\\"","BackingImageChecksum":"\\"sum\\"",' +
      '"CompressionMethod":"\\"lz4\\"","StorageClassName":"\\"fast\\"","DataEngine":"\\"v1\\""}',
  ),
  { key: 'volume.cfg' },
);

const READ: ConfigReading = { kind: 'read', config: CONFIG, mtimeMs: Date.UTC(2025, 5, 1) };
const BAD: ConfigReading = { kind: 'bad', error: new VolumeConfigError('Corrupt', 'failed to decode it') };

function resultOf(change: Partial<PassResult> = {}): PassResult {
  const volume: BackupVolume = {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'BackupVolume',
    metadata: { name: 'v', generation: 7 },
    spec: {},
  };
  return { volume, reading: READ, startedMs: STARTED_MS, requested: undefined, waitingCount: 0, ...change };
}

function verdictOf(result: PassResult): Verdict {
  const { volume } = result;
  return settle({
    pass: endOfPass(result),
    conditions: volume.status?.conditions,
    generation: volume.metadata.generation,
    nowIso: '2026-01-02T03:04:06Z',
  });
}

function statusOf(change: Partial<PassResult> = {}): NonNullable<BackupVolume['status']> {
  const result = resultOf(change);
  return statusAfterSync(result, verdictOf(result));
}

describe('the status of a BackupVolume', () => {
  it('has every field that Longhorn writes', () => {
    expect(statusOf({ requested: '2026-01-02T03:04:05.000001Z' })).to.deep.equal({
      ownerID: '',
      size: '16777216',
      labels: { a: 'b' },
      createdAt: '2025-01-02T03:04:05Z',
      lastBackupName: 'b2',
      lastBackupAt: '2025-01-02T05:00:00Z',
      dataStored: '10485760',
      messages: {},
      backingImageName: 'img',
      backingImageChecksum: 'sum',
      storageClassName: 'fast',
      lastModificationTime: '2025-06-01T00:00:00Z',
      lastSyncedAt: '2026-01-02T03:04:05Z',
      observedGeneration: 7,
      observedSyncRequestedAt: '2026-01-02T03:04:05.000001Z',
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          lastProbeTime: '',
          lastTransitionTime: '2026-01-02T03:04:06Z',
          reason: 'Synced',
          message: 'the objects are what the store holds',
        },
      ],
    });
  });

  it('keeps its fields, and the very list of conditions, when volume.cfg did not change', () => {
    const volume = { ...resultOf().volume, status: statusOf() };
    const after = statusOf({ volume, reading: { kind: 'unchanged' }, startedMs: STARTED_MS + 60_000 });
    expect(after).to.deep.equal({ ...volume.status, lastSyncedAt: '2026-01-02T03:05:05Z' });
    expect(after.conditions).to.equal(volume.status.conditions);
  });

  it('keeps what was known of a volume whose volume.cfg went bad, and says what is wrong', () => {
    const volume = { ...resultOf().volume, status: statusOf() };
    const after = statusOf({ volume, reading: BAD });
    expect(after).to.include({ size: '16777216', lastSyncedAt: '2026-01-02T03:04:05Z' });
    expect(after.messages).to.deep.equal({ error: 'failed to decode it' });
    expect(after.conditions?.[0]).to.include({ status: 'False', reason: 'Corrupt', message: 'failed to decode it' });
  });

  it('says no error any more once volume.cfg is good again', () => {
    const volume = { ...resultOf().volume, status: statusOf({ reading: BAD }) };
    expect(statusOf({ volume }).messages).to.deep.equal({});
  });

  it('leaves the request open while Backups are still being deleted', () => {
    const after = statusOf({ waitingCount: 1, requested: 'x' });
    expect(after.lastSyncedAt).to.equal(undefined);
    expect(after.observedSyncRequestedAt).to.equal(undefined);
    expect(after.conditions?.[0]).to.include({ status: 'False', reason: 'Syncing' });
    expect(after.conditions?.[0]?.message).to.match(/^1 Backup is still being deleted/);
    expect(statusOf({ waitingCount: 3 }).conditions?.[0]?.message).to.match(/^3 Backups are/);
  });
});
