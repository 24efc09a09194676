import { expect } from 'chai';
import {
  ANNOTATION_APPLIED_CONFIG,
  API_VERSION,
  type BackupTarget,
  type BackupTargetSpec,
  type ObjectMeta,
} from '@mooring/api';
import { decideDefaultTarget, type DefaultSettings, invalidSettings, readSettings } from './default-target.ts';

function target(
  applied: string | undefined,
  spec: BackupTargetSpec = {},
  metadata: Partial<ObjectMeta> = {},
): BackupTarget {
  const annotations: Record<string, string> = applied === undefined ? {} : { [ANNOTATION_APPLIED_CONFIG]: applied };
  return {
    apiVersion: API_VERSION,
    kind: 'BackupTarget',
    metadata: { name: 'default', annotations, ...metadata },
    spec,
  };
}

const first = { 'backup-target': 's3://a@r/', 'backupstore-poll-interval': '60' };
const appliedFirst = '{"backup-target":"s3://a@r/","backupstore-poll-interval":"60"}';

describe('the default target', () => {
  const cases: [string, DefaultSettings, BackupTarget | undefined, object][] = [
    [
      'is created empty without a ConfigMap',
      {},
      undefined,
      { kind: 'create', spec: { backupTargetURL: '' }, applied: '{}' },
    ],
    [
      'is created from the ConfigMap',
      first,
      undefined,
      { kind: 'create', spec: { backupTargetURL: 's3://a@r/', pollInterval: '1m0s' }, applied: appliedFirst },
    ],
    [
      'is left alone when the ConfigMap did not change',
      first,
      target(appliedFirst, { backupTargetURL: 'vfs:///x' }),
      { kind: 'none' },
    ],
    [
      'takes what changed, and only that',
      { ...first, 'backupstore-poll-interval': '0' },
      target(appliedFirst, { backupTargetURL: 'vfs:///of-the-user' }),
      {
        kind: 'patch',
        spec: { pollInterval: '0s' },
        applied: '{"backup-target":"s3://a@r/","backupstore-poll-interval":"0"}',
      },
    ],
    [
      'remembers a key that was removed, and keeps its value',
      {},
      target(appliedFirst),
      { kind: 'patch', spec: {}, applied: '{}' },
    ],
    [
      'of someone else gets what it lacks',
      { ...first, 'backup-target-credential-secret': 'c' },
      target(undefined, { backupTargetURL: '', pollInterval: '5m0s' }),
      {
        kind: 'patch',
        spec: { backupTargetURL: 's3://a@r/', credentialSecret: 'c' },
        applied: '{"backup-target":"s3://a@r/","backup-target-credential-secret":"c","backupstore-poll-interval":"60"}',
      },
    ],
    [
      'of someone else keeps its own URL and gets no foreign credentials beside it',
      { ...first, 'backup-target-credential-secret': 'c' },
      target(undefined, { backupTargetURL: 's3://mine@r/', pollInterval: '5m0s' }),
      {
        kind: 'patch',
        spec: {},
        applied: '{"backup-target":"s3://a@r/","backup-target-credential-secret":"c","backupstore-poll-interval":"60"}',
      },
    ],
    [
      'takes everything when the annotation was damaged',
      { 'backup-target': 's3://b@r/' },
      target('{'),
      { kind: 'patch', spec: { backupTargetURL: 's3://b@r/' }, applied: '{"backup-target":"s3://b@r/"}' },
    ],
    [
      'is not touched while it is being deleted',
      first,
      target(undefined, {}, { deletionTimestamp: 'now' }),
      { kind: 'none' },
    ],
    [
      'ignores an interval that is no number of seconds',
      { 'backupstore-poll-interval': '5m' },
      undefined,
      { kind: 'create', spec: { backupTargetURL: '' }, applied: '{"backupstore-poll-interval":"5m"}' },
    ],
  ];
  for (const [name, settings, object, change] of cases) {
    it(name, () => {
      expect(decideDefaultTarget(settings, object)).to.deep.equal(change);
    });
  }

  it('reads the known keys, numbers as text, and nothing from what is no map', () => {
    const document = {
      'backup-target': ' vfs:///x ',
      'backupstore-poll-interval': 300,
      other: 1,
      'backup-target-credential-secret': null,
    };
    expect(readSettings(document)).to.deep.equal({ 'backup-target': 'vfs:///x', 'backupstore-poll-interval': '300' });
    for (const nothing of [undefined, null, 'text', 7, []]) expect(readSettings(nothing)).to.deep.equal({});
  });

  it('names a setting that cannot be used, with the cure', () => {
    expect(invalidSettings({ 'backupstore-poll-interval': '-1' })[0]).to.contain('whole number of seconds');
    expect(invalidSettings(first)).to.deep.equal([]);
  });
});
