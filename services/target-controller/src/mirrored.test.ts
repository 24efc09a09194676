import { expect } from 'chai';
import {
  API_VERSION,
  type BackupBackingImage,
  type BackupVolume,
  type ObjectMeta,
  type SystemBackup,
} from '@mooring/api';
import { toBackupEntry, backupsKey } from './caches.ts';
import { mirroredNames } from './mirrored.ts';
import {
  chooseSystemBackupName,
  identityKey,
  identityOf,
  isMirror,
  targetOfSystemBackup,
} from './system-backup-diff.ts';

const stamped = (store: string, uid = 'uid-1'): Partial<ObjectMeta> => ({
  annotations: { 'mooring.io/target-uid': uid, 'mooring.io/store': store },
});
const volume = (name: string, metadata: Partial<ObjectMeta>): BackupVolume => ({
  apiVersion: API_VERSION,
  kind: 'BackupVolume',
  metadata: { name, ...metadata },
  spec: { volumeName: name },
});
const image = (name: string, userCreated: boolean): BackupBackingImage => ({
  apiVersion: API_VERSION,
  kind: 'BackupBackingImage',
  metadata: { name },
  spec: { backingImage: name, userCreated },
});
const systemBackup = (metadata: ObjectMeta, state: SystemBackup['status'] = {}): SystemBackup => ({
  apiVersion: API_VERSION,
  kind: 'SystemBackup',
  metadata,
  spec: {},
  status: state,
});

describe('what is mirrored of a store', () => {
  it('is what this target has from this store, or from no one knows where', () => {
    const volumes = [
      volume('here', stamped('A')),
      volume('elsewhere', stamped('B')),
      volume('earlier-target', stamped('A', 'uid-0')),
      volume('going', { ...stamped('A'), deletionTimestamp: 'now' }),
      volume('of-longhorn', {}),
    ];
    const objects = { volumes, backingImages: [image('pulled', false), image('asked', true)], systemBackups: [] };
    expect(mirroredNames(objects, { targetUid: 'uid-1', isThisStore: (hash) => hash === 'A' })).to.deep.equal([
      'volume/here',
      'volume/of-longhorn',
      'backing-image/pulled',
    ]);
  });
});

describe('a SystemBackup', () => {
  const labels = { 'backup-target': 't', 'longhorn.io/version': 'v1.4.0' };
  const mirror = systemBackup({ name: 'demo-1234', labels, annotations: { 'mooring.io/store-name': 'demo' } });

  it('is known by version and name, not by what it is called', () => {
    expect(identityOf(mirror)).to.equal(identityKey({ version: 'v1.4.0', name: 'demo' }));
    expect(targetOfSystemBackup(mirror)).to.equal('t');
    expect(isMirror(mirror)).to.equal(true);
  });

  it('of Longhorn belongs to its owner, or to default', () => {
    const owned = { apiVersion: API_VERSION, kind: 'BackupTarget', name: 'o', uid: 'u' };
    const ready = { state: 'Ready', version: 'v1.9.0' } as const;
    expect(targetOfSystemBackup(systemBackup({ name: 's', ownerReferences: [owned] }))).to.equal('o');
    expect(targetOfSystemBackup(systemBackup({ name: 's' }))).to.equal('default');
    expect(identityOf(systemBackup({ name: 's' }, ready))).to.equal('v1.9.0/s');
    expect(isMirror(systemBackup({ name: 's' }, ready))).to.equal(true);
    expect(isMirror(systemBackup({ name: 's' }, { state: 'Generating' }))).to.equal(false);
  });

  it('has the store’s name, or one with a hash where that is taken', () => {
    const identity = { version: 'v1.4.0', name: 'demo' };
    expect(chooseSystemBackupName(identity, 't', () => false)).to.equal('demo');
    expect(chooseSystemBackupName(identity, 't', () => true)).to.match(/^demo-[0-9a-f]{8}$/);
    expect(chooseSystemBackupName(identity, 'u', () => true)).to.not.equal(
      chooseSystemBackupName(identity, 't', () => true),
    );
  });
});

describe('a Backup', () => {
  const labels = { 'backup-target': 't', 'backup-volume': 'v' };
  const backup = (spec: object, status: object, metadata: Partial<ObjectMeta> = {}) =>
    toBackupEntry({
      apiVersion: API_VERSION,
      kind: 'Backup',
      metadata: { name: 'b', labels, ...metadata },
      spec,
      status,
    });
  const cases: [string, ReturnType<typeof backup>, string | undefined][] = [
    ['that was pulled counts', backup({ snapshotName: '' }, {}), backupsKey('t', 'v')],
    [
      'that was taken and is complete counts',
      backup({ snapshotName: 's' }, { state: 'Completed' }),
      backupsKey('t', 'v'),
    ],
    ['that is being taken does not', backup({ snapshotName: 's' }, { state: 'InProgress' }), undefined],
    ['that failed does not', backup({ snapshotName: 's' }, { state: 'Error' }), undefined],
    ['that is being deleted does not', backup({}, {}, { deletionTimestamp: 'now' }), undefined],
  ];
  for (const [name, entry, countedIn] of cases) {
    it(name, () => {
      expect(entry.countedIn).to.equal(countedIn);
    });
  }
});
