import { expect } from 'chai';
import {
  API_VERSION,
  type BackupTarget,
  backupVolumeName,
  FINALIZER,
  type ObjectMeta,
  withDefaults,
} from '@mooring/api';
import {
  adoptionMeta,
  buildBackingImage,
  buildBackupVolume,
  buildSystemBackup,
  type MirrorSource,
} from './mirror-object.ts';

const target: BackupTarget = {
  apiVersion: API_VERSION,
  kind: 'BackupTarget',
  metadata: { name: 'default', namespace: 'longhorn-system', uid: 'uid-1' },
  spec: { backupTargetURL: 's3://b@r/' },
};
const source: MirrorSource = { target, stamp: { targetUid: 'uid-1', store: 'store-1' }, traceparent: 'trace' };
const owner = { apiVersion: API_VERSION, kind: 'BackupTarget', name: 'default', uid: 'uid-1' };

describe('an object that mirrors a store', () => {
  const objects = [
    buildBackupVolume(source, 'Vol_1', 'f'),
    buildBackingImage(source, 'image', 'v'),
    buildSystemBackup(source, { version: 'v1.4.0', name: 'demo' }, { name: 'demo', version: 'v' }),
  ];
  for (const object of objects) {
    it(`is complete as admission would make it: ${object.kind}`, () => {
      const facts = { objectNamespace: 'longhorn-system', targets: [target] };
      expect(withDefaults<{ kind: string }>(object, facts as never)).to.deep.equal(object);
    });

    it(`says which target and store it came from: ${object.kind}`, () => {
      expect(object.metadata.annotations).to.include({
        'mooring.io/target-uid': 'uid-1',
        'mooring.io/store': 'store-1',
        'mooring.io/traceparent': 'trace',
      });
      expect(object.metadata.ownerReferences).to.deep.equal([owner]);
      expect(object.metadata.finalizers).to.deep.equal([FINALIZER]);
      expect(object.metadata.namespace).to.equal('longhorn-system');
    });
  }

  it('keeps the real name beside a legal one', () => {
    const { metadata, spec } = buildBackupVolume(source, 'Vol_1', 'f');
    expect(metadata.name).to.equal(backupVolumeName('Vol_1', 'default'));
    expect(metadata.annotations?.['mooring.io/store-name']).to.equal('Vol_1');
    expect(spec).to.deep.equal({ backupTargetName: 'default', volumeName: 'Vol_1' });
  });
});

describe('an adopted object', () => {
  const wanted = buildBackupVolume(source, 'v', 'f').metadata;
  const foreign = { apiVersion: 'v1', kind: 'Other', name: 'o', uid: 'uid-9' };
  const existing: ObjectMeta = { name: 'bv', resourceVersion: '7', finalizers: ['other'], ownerReferences: [foreign] };

  it('keeps the finalizers and owners of others, guarded by its version', () => {
    expect(adoptionMeta(source, existing, wanted)).to.deep.include({
      resourceVersion: '7',
      finalizers: ['other', FINALIZER],
      ownerReferences: [foreign, owner],
    });
  });

  it('gets nothing twice', () => {
    const adopted = { ...existing, finalizers: [FINALIZER], ownerReferences: [owner] };
    expect(adoptionMeta(source, adopted, wanted)).to.deep.include({
      finalizers: [FINALIZER],
      ownerReferences: [owner],
    });
  });
});
