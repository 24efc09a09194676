import { expect } from 'chai';
import { API_VERSION, type BackupBackingImage, type BackupTarget, type BackupTargetSpec } from '@mooring/api';
import type { Change, SecretVersion } from '@mooring/runtime';
import { targetAskedByBackingImage, targetsConcernedBySecret, targetsConcernedByTarget } from './watches.ts';

function target(
  name: string,
  spec: BackupTargetSpec = {},
  status: { reason?: string; urlSince?: string } = {},
): BackupTarget {
  const { reason = 'Synced', urlSince } = status;
  const conditions = [{ type: 'Ready', status: 'False' as const, reason }];
  return {
    apiVersion: API_VERSION,
    kind: 'BackupTarget',
    metadata: { namespace: 'ns', name },
    spec,
    status: { conditions, ...(urlSince === undefined ? {} : { urlSince }) },
  };
}

const loser = target('loser', {}, { reason: 'DuplicateURL' });
const change = (old: BackupTarget | undefined, now: BackupTarget | undefined): Change<BackupTarget> =>
  ({
    type: old === undefined ? 'added' : now === undefined ? 'deleted' : 'updated',
    key: 'ns/a',
    old,
    new: now,
  }) as Change<BackupTarget>;

describe('a change of a target', () => {
  const a = target('a', { backupTargetURL: 'vfs:///a' });
  const cases: [string, Change<BackupTarget>, string[]][] = [
    ['that is new concerns itself', change(undefined, a), ['ns/a']],
    ['in its status concerns itself', change(a, target('a', a.spec, { reason: 'Timeout' })), ['ns/a']],
    [
      'of the URL concerns whoever lost to it',
      change(a, target('a', { backupTargetURL: 'vfs:///b' })),
      ['ns/a', 'ns/loser'],
    ],
    ['of the Secret does too', change(a, target('a', { ...a.spec, credentialSecret: 's' })), ['ns/a', 'ns/loser']],
    [
      'of the time of its URL does too',
      change(a, target('a', a.spec, { urlSince: '2026-01-01T00:00:00Z' })),
      ['ns/a', 'ns/loser'],
    ],
    ['that is its end does too', change(a, undefined), ['ns/a', 'ns/loser']],
    [
      'that is the beginning of its end does too',
      change(a, { ...a, metadata: { ...a.metadata, deletionTimestamp: 'now' } }),
      ['ns/a', 'ns/loser'],
    ],
  ];
  for (const [name, given, keys] of cases) {
    it(name, () => {
      expect(targetsConcernedByTarget(given, [a, loser])).to.deep.equal(keys);
    });
  }
});

describe('a change of a Secret', () => {
  const secret = { metadata: { name: 's', namespace: 'ns', uid: 'u', resourceVersion: '1' } };
  const added: Change<SecretVersion> = { type: 'added', key: 'ns/s', old: undefined, new: secret };
  const deleted: Change<SecretVersion> = { type: 'deleted', key: 'ns/s', old: secret, new: undefined };
  const user = target('user', { credentialSecret: 's' });

  it('concerns every target that uses it, and those that lost a store', () => {
    expect(targetsConcernedBySecret(added, [user, target('other'), loser])).to.deep.equal(['ns/user', 'ns/loser']);
    expect(targetsConcernedBySecret(deleted, [user])).to.deep.equal(['ns/user']);
  });

  it('that no target uses concerns no one', () => {
    expect(targetsConcernedBySecret(added, [target('other'), loser])).to.deep.equal([]);
  });
});

describe('a backing image', () => {
  const image = (syncRequestedAt: string | null, lastSyncedAt: string | null): Change<BackupBackingImage> => {
    const spec = { backingImage: 'b', userCreated: false, backupTargetName: 't', syncRequestedAt };
    const object: BackupBackingImage = {
      apiVersion: API_VERSION,
      kind: 'BackupBackingImage',
      metadata: { namespace: 'ns', name: 'b-1' },
      spec,
      status: { lastSyncedAt },
    };
    return { type: 'added', key: 'ns/b-1', old: undefined, new: object };
  };

  it('that is asked for again asks its target', () => {
    expect(targetAskedByBackingImage(image('2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z'))).to.equal('ns/t');
  });

  it('that is up to date, or new, asks no one', () => {
    expect(targetAskedByBackingImage(image(null, '2026-01-01T00:00:00Z'))).to.equal(undefined);
    expect(targetAskedByBackingImage(image('2026-01-02T00:00:00Z', null))).to.equal(undefined);
  });
});
