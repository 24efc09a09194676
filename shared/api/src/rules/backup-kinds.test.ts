import { snapshot, target, volume } from '../facts.fixture.ts';
import { run } from './cases.fixture.ts';

run('a BackupVolume', [
  { what: 'with target and volume', kind: 'BackupVolume', spec: { backupTargetName: 'default', volumeName: 'v' } },
  {
    what: 'without either',
    kind: 'BackupVolume',
    spec: {},
    denied: [
      [422, 'spec.backupTargetName', 'backup target name cannot be empty'],
      [422, 'spec.volumeName', 'volume name cannot be empty'],
    ],
  },
  {
    what: 'of a target that does not exist',
    kind: 'BackupVolume',
    spec: { backupTargetName: 'x', volumeName: 'v' },
    warned: ['there is no BackupTarget x'],
  },
  {
    what: 'emptied later',
    kind: 'BackupVolume',
    spec: { backupTargetName: 'x' },
    was: { backupTargetName: 'x', volumeName: 'v' },
    denied: [[422, 'spec.volumeName', 'cannot be empty']],
    warned: ['there is no BackupTarget x'],
  },
  { what: 'deleted', kind: 'BackupVolume', operation: 'DELETE' },
]);

const labels = { 'backup-target': 'default', 'backup-volume': 'v' };
const taken = { snapshots: { s: snapshot('s', 'v') }, volumes: { v: volume('v') } };
const unavailable = { ...target('default', 's3://b@r/'), status: { available: false } };

run('a Backup', [
  {
    what: 'of a snapshot',
    kind: 'Backup',
    name: 'backup-1',
    metadata: { labels },
    spec: { snapshotName: 's', backupBlockSize: '2097152' },
    known: taken,
  },
  { what: 'without snapshot', kind: 'Backup', name: 'backup-1', metadata: { labels }, known: { volumes: { v: null } } },
  {
    what: 'with an unknown mode',
    kind: 'Backup',
    metadata: { labels },
    spec: { backupMode: 'half' },
    denied: [[422, 'spec.backupMode', 'BackupMode half is not a valid option']],
  },
  {
    what: 'without labels',
    kind: 'Backup',
    denied: [
      [422, 'metadata.labels[backup-volume]', 'missing backup volume label'],
      [422, 'metadata.labels[backup-target]', 'missing backup target label on backup object'],
    ],
  },
  {
    what: 'to a target that does not exist',
    kind: 'Backup',
    metadata: { labels: { ...labels, 'backup-target': 'x' } },
    denied: [[422, 'metadata.labels[backup-target]', 'failed to get backup target x', 'live']],
  },
  {
    what: 'to a target that is not available',
    kind: 'Backup',
    metadata: { labels },
    known: { targets: [unavailable] },
    denied: [[422, 'metadata.labels[backup-target]', 'backup target default is not available', 'live']],
  },
  {
    what: 'to a target without URL',
    kind: 'Backup',
    metadata: { labels },
    known: { targets: [target('default', '')] },
    denied: [[422, 'metadata.labels[backup-target]', 'backup target default is not available', 'live']],
  },
  {
    what: 'with a strange block size',
    kind: 'Backup',
    metadata: { labels },
    spec: { backupBlockSize: '4096' },
    denied: [[422, 'spec.backupBlockSize', 'unsupported BackupBlockSize: 4096']],
  },
  {
    what: 'with a block size that the volume is no multiple of',
    kind: 'Backup',
    metadata: { labels },
    spec: { snapshotName: 's', backupBlockSize: '16777216' },
    known: taken,
    denied: [[422, 'spec.backupBlockSize', 'must be an integer multiple']],
  },
  {
    what: 'of a snapshot that does not exist',
    kind: 'Backup',
    metadata: { labels },
    spec: { snapshotName: 's' },
    known: { snapshots: { s: null } },
    denied: [[422, 'spec.snapshotName', 'snapshot s is invalid', 'live']],
  },
  {
    what: 'of a snapshot whose volume does not exist',
    kind: 'Backup',
    metadata: { labels },
    spec: { snapshotName: 's' },
    known: { ...taken, volumes: { v: null } },
    denied: [[422, 'spec.snapshotName', 'failed to get volume v', 'live']],
  },
  {
    what: 'labelled with another volume',
    kind: 'Backup',
    metadata: { labels: { ...labels, 'backup-volume': 'w' } },
    spec: { snapshotName: 's' },
    known: taken,
    denied: [[422, 'metadata.labels[backup-volume]', 'snapshot volume name v and label volume name w does not match']],
  },
  {
    what: 'labelled with another target than its volume’s',
    kind: 'Backup',
    metadata: { labels },
    spec: { snapshotName: 's' },
    known: { ...taken, volumes: { v: volume('v', { backupTargetName: 'b' }) } },
    denied: [
      [422, 'metadata.labels[backup-target]', 'volume backup target b and label backup target default does not match'],
    ],
  },
  {
    what: 'of a linked clone',
    kind: 'Backup',
    metadata: { labels },
    spec: { snapshotName: 's' },
    known: { ...taken, volumes: { v: volume('v', { cloneMode: 'linked-clone' }) } },
    denied: [[403, 'spec.snapshotName', 'linked clone']],
  },
  {
    what: 'with a changed block size',
    kind: 'Backup',
    spec: { backupBlockSize: '16777216' },
    was: { backupBlockSize: '2097152' },
    denied: [[422, 'spec.backupBlockSize', 'is not supported']],
  },
  {
    what: 'whose unknown block size becomes known',
    kind: 'Backup',
    spec: { backupBlockSize: '16777216' },
    was: { backupBlockSize: '-1' },
  },
  {
    what: 'changed otherwise, target away',
    kind: 'Backup',
    spec: { syncRequestedAt: 'x' },
    was: {},
    known: { targets: [] },
  },
  { what: 'deleted', kind: 'Backup', operation: 'DELETE', known: { targets: [] } },
]);

const image = { backingImage: 'img', userCreated: true, backupTargetName: 'default' };
run('a BackupBackingImage', [
  { what: 'new', kind: 'BackupBackingImage', spec: image, known: { backingImages: { 'default/img': [] } } },
  {
    what: 'twice',
    kind: 'BackupBackingImage',
    spec: image,
    known: {
      backingImages: {
        'default/img': [
          { apiVersion: '', kind: '', metadata: { name: 'twin' }, spec: { backingImage: 'img', userCreated: true } },
        ],
      },
    },
    denied: [[422, 'spec.backingImage', 'backup backing image img for backup target default already exists', 'live']],
  },
  {
    what: 'to a target that is not available',
    kind: 'BackupBackingImage',
    spec: image,
    known: { targets: [unavailable] },
    denied: [[422, 'spec.backupTargetName', 'backup target default is not available', 'live']],
  },
  { what: 'changed', kind: 'BackupBackingImage', spec: image, was: image, known: { targets: [] } },
]);

run('a SystemBackup', [
  {
    what: 'with the default target configured',
    kind: 'SystemBackup',
    known: { targets: [target('default', 's3://b@r/', 's')] },
  },
  {
    what: 'to an NFS target without Secret',
    kind: 'SystemBackup',
    known: { targets: [target('default', 'nfs://h:/x')] },
  },
  {
    what: 'without default target',
    kind: 'SystemBackup',
    known: { targets: [] },
    denied: [[422, 'metadata.name', 'backup target default is not set', 'live']],
  },
  {
    what: 'without URL',
    kind: 'SystemBackup',
    known: { targets: [target('default', '')] },
    denied: [[422, 'metadata.name', 'backup target default is not set', 'live']],
  },
  {
    what: 'without Secret',
    kind: 'SystemBackup',
    known: { targets: [target('default', 's3://b@r/')] },
    denied: [[422, 'metadata.name', 'could not access s3 without credential secret', 'live']],
  },
]);
