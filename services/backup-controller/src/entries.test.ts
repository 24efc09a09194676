import { expect } from 'chai';
import type { Backup, BackupVolume } from '@mooring/api';
import { Interner } from '@mooring/runtime';
import { toBackupEntry } from './backup-entry.ts';
import { toVolumeEntry, volumeKeyOf } from './volume-entry.ts';

const READY = { type: 'Ready', status: 'True' as const, reason: 'Synced' };

describe('toBackupEntry', () => {
  const raw: Backup = {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'Backup',
    metadata: {
      name: 'backup-1',
      namespace: 'longhorn-system',
      finalizers: ['longhorn.io'],
      annotations: { 'mooring.io/traceparent': '00-aa-bb-01' },
    },
    spec: { snapshotName: '' },
    status: {
      state: 'Completed',
      size: '42',
      newlyUploadDataSize: 'x',
      labels: { RecurringJob: 'nightly' },
      conditions: [READY],
    },
  };

  it('keeps what the metrics need, and takes what is no number as 0', () => {
    const entry = toBackupEntry(raw, new Interner());
    expect(entry).to.include({ sizeBytes: 42, uploadedBytes: 0, recurringJob: 'nightly', readyReason: 'Synced' });
  });

  it('keeps the trace only until the first pass', () => {
    expect(toBackupEntry(raw, new Interner()).traceparent).to.equal('00-aa-bb-01');
    const synced = { ...raw, status: { ...raw.status, lastSyncedAt: '2026-01-01T00:00:00Z' } };
    expect(toBackupEntry(synced, new Interner())).to.include({ traceparent: '', isSynced: true });
  });

  it('keeps one copy of a list of finalizers', () => {
    const interner = new Interner();
    const [a, b] = [toBackupEntry(raw, interner), toBackupEntry(structuredClone(raw), interner)];
    expect(a.metadata.finalizers).to.equal(b.metadata.finalizers);
  });
});

describe('toVolumeEntry', () => {
  const raw: BackupVolume = {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'BackupVolume',
    metadata: { name: 'v', generation: 2, labels: { 'backup-target': 'default' } },
    spec: { backupTargetName: null, volumeName: 'pvc_1' },
  };

  it('names its target by the label where Longhorn left the spec empty', () => {
    expect(toVolumeEntry(raw)).to.include({ target: 'default', volumeName: 'pvc_1', hasVerdict: false });
    expect(volumeKeyOf(toVolumeEntry(raw))).to.equal('default/pvc_1');
  });

  const verdicts: [string, BackupVolume['status'], boolean][] = [
    ['was never written', undefined, false],
    ['speaks of the newest spec', { conditions: [READY], observedGeneration: 2 }, true],
    ['speaks of an older spec: a sync is on its way', { conditions: [READY], observedGeneration: 1 }, false],
    [
      'tells that the API server refuses one of its Backups',
      { conditions: [{ ...READY, status: 'False', reason: 'ReconcileFailed' }], observedGeneration: 1 },
      true,
    ],
  ];
  for (const [title, status, hasVerdict] of verdicts) {
    it(`${hasVerdict ? 'has' : 'has no'} verdict when its status ${title}`, () => {
      expect(toVolumeEntry({ ...raw, ...(status === undefined ? {} : { status }) }).hasVerdict).to.equal(hasVerdict);
    });
  }
});
