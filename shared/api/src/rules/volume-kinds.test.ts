import { backup, backupVolume, volume } from '../facts.fixture.ts';
import { run } from './cases.fixture.ts';

const FROM = 's3://bucket@region/?backup=backup-1&volume=src';
const source = (more: Parameters<typeof backup>[1] = {}, status: Parameters<typeof backupVolume>[0] = {}) => ({
  backups: { 'src/backup-1': [backup('backup-1', more)] },
  backupVolumes: { 'default/src': backupVolume(status) },
});
run('a Volume', [
  { what: 'plain', kind: 'Volume', spec: { backupTargetName: 'default' } },
  {
    what: 'with a name that no store can hold',
    kind: 'Volume',
    name: 'v',
    spec: { backupTargetName: 'default' },
    denied: [[422, 'metadata.name', 'invalid name v']],
  },
  {
    what: 'with such a name, when it is changed',
    kind: 'Volume',
    name: 'v',
    spec: { backupTargetName: 'default', size: '4' },
    was: { backupTargetName: 'default' },
  },
  { what: 'without target', kind: 'Volume', spec: {}, denied: [[422, 'spec.backupTargetName', 'cannot be empty']] },
  {
    what: 'to a target that does not exist',
    kind: 'Volume',
    spec: { backupTargetName: 'x' },
    denied: [[422, 'spec.backupTargetName', 'failed to get backup target x', 'live']],
  },
  {
    what: 'whose target is gone, changed otherwise',
    kind: 'Volume',
    spec: { backupTargetName: 'x', size: '1' },
    was: { backupTargetName: 'x' },
  },
  {
    what: 'restored',
    kind: 'Volume',
    spec: { backupTargetName: 'default', fromBackup: FROM, Standby: true },
    known: source(),
  },
  {
    what: 'restored from no URL of a backup',
    kind: 'Volume',
    spec: { backupTargetName: 'default', fromBackup: 's3://b/' },
    denied: [[422, 'spec.fromBackup', 'names no backup']],
  },
  {
    what: 'restored from a backup that does not exist',
    kind: 'Volume',
    spec: { backupTargetName: 'default', fromBackup: FROM },
    known: { backups: { 'src/backup-1': [] } },
    denied: [[422, 'spec.fromBackup', 'cannot get backup backup-1', 'live']],
  },
  {
    what: 'restored while the backup volume is away',
    kind: 'Volume',
    spec: { backupTargetName: 'default', fromBackup: FROM },
    known: { ...source(), backupVolumes: { 'default/src': null } },
    denied: [[422, 'spec.fromBackup', 'cannot get backup volume for backup target default and volume src', 'live']],
  },
  {
    what: 'restored with an unknown block size',
    kind: 'Volume',
    spec: { backupTargetName: 'default', fromBackup: FROM },
    known: source({ spec: { backupBlockSize: '-1' } }),
    denied: [[422, 'spec.fromBackup', 'block size of backup backup-1 is not known']],
  },
  {
    what: 'restored while the backing image is being read',
    kind: 'Volume',
    spec: { backupTargetName: 'default', fromBackup: FROM },
    known: source({}, { backingImageName: 'img' }),
    denied: [[409, 'spec.fromBackup', 'is being updated and please retry later', 'live']],
  },
  {
    what: 'restored with another backing image',
    kind: 'Volume',
    spec: { backupTargetName: 'default', fromBackup: FROM, backingImage: 'other' },
    known: source(),
    denied: [[422, 'spec.backingImage', 'is not the one of the backup']],
  },
  {
    what: 'standing by for nothing',
    kind: 'Volume',
    spec: { backupTargetName: 'default', Standby: true },
    denied: [[422, 'spec.Standby', 'needs a backup to follow']],
  },
  {
    what: 'sharded and restored',
    kind: 'Volume',
    spec: { backupTargetName: 'default', fromBackup: FROM, dataLayout: 'sharded' },
    known: source(),
    denied: [[422, 'spec.dataLayout', 'sharded']],
  },
  {
    what: 'with another compression',
    kind: 'Volume',
    spec: { backupCompressionMethod: 'gzip' },
    was: { backupCompressionMethod: 'lz4' },
    denied: [
      [422, 'spec.backupCompressionMethod', 'changing backup compression method for volume ab is not supported'],
    ],
  },
  { what: 'with its first compression', kind: 'Volume', spec: { backupCompressionMethod: 'gzip' }, was: {} },
  {
    what: 'with another block size',
    kind: 'Volume',
    spec: { backupBlockSize: '16777216' },
    was: { backupBlockSize: '2097152' },
    denied: [[422, 'spec.backupBlockSize', 'changing backup block size']],
  },
  {
    what: 'grown while it stands by',
    kind: 'Volume',
    spec: { Standby: true, size: '2', fromBackup: FROM },
    was: { Standby: true, size: '1', fromBackup: FROM },
    denied: [[403, 'spec.size', 'expanding volume ab']],
  },
  { what: 'deleted', kind: 'Volume', operation: 'DELETE' },
]);

run('a Snapshot', [
  {
    what: 'of a volume',
    kind: 'Snapshot',
    spec: { volume: 'v', labels: { a: 'b' } },
    known: { volumes: { v: volume('v') } },
  },
  { what: 'of no volume', kind: 'Snapshot', spec: {}, denied: [[422, 'spec.volume', 'spec.volume is required']] },
  {
    what: 'of a volume that does not exist',
    kind: 'Snapshot',
    spec: { volume: 'x' },
    known: { volumes: { x: null } },
    denied: [[422, 'spec.volume', 'failed to get volume x', 'live']],
  },
  {
    what: 'of another volume later',
    kind: 'Snapshot',
    spec: { volume: 'w' },
    was: { volume: 'v' },
    denied: [[422, 'spec.volume', 'spec.volume is immutable']],
  },
  {
    what: 'with = in a label',
    kind: 'Snapshot',
    spec: { volume: 'v', labels: { a: 'b=c' } },
    known: { volumes: { v: volume('v') } },
    denied: [[422, 'spec.labels[a]', 'contains =']],
  },
]);
