import { expect } from 'chai';
import type { BackupTarget } from './kinds/backup-target.ts';
import { API_VERSION } from './labels.ts';
import { doubtTypes, isTargetOpen, isTargetOpening } from './target-access.ts';

const targetOf = (parts: Partial<BackupTarget> = {}): BackupTarget => ({
  apiVersion: API_VERSION,
  kind: 'BackupTarget',
  metadata: { name: 't', uid: 'u1' },
  spec: { backupTargetURL: 's3://bucket@region/', credentialSecret: 's' },
  status: { available: true },
  ...parts,
});
const unavailable = targetOf({ status: { available: false, conditions: [{ type: 'Unavailable', status: 'True' }] } });

describe('isTargetOpen', () => {
  const rows: [string, BackupTarget, boolean][] = [
    ['opens a target that its controller found available', targetOf(), true],
    ['opens a target that has no verdict yet', targetOf({ status: {} }), true],
    ['closes a target that was found unavailable', unavailable, false],
    ['closes a target without URL', targetOf({ spec: { backupTargetURL: '' } }), false],
    [
      'closes a target that is being deleted',
      targetOf({ metadata: { name: 't', deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      false,
    ],
    ...doubtTypes.map((type): [string, BackupTarget, boolean] => [
      `closes a target that answers with ${type}: nothing may follow another store unconfirmed`,
      targetOf({ status: { available: true, conditions: [{ type, status: 'True' }] } }),
      false,
    ]),
  ];
  for (const [title, target, isOpen] of rows) it(title, () => expect(isTargetOpen(target)).to.equal(isOpen));
});

describe('isTargetOpening', () => {
  const elsewhere = targetOf({ spec: { backupTargetURL: 's3://other@region/', credentialSecret: 's' } });
  const recredentialed = targetOf({ spec: { backupTargetURL: 's3://bucket@region/', credentialSecret: 'other' } });
  const rows: [string, BackupTarget | undefined, BackupTarget, boolean][] = [
    ['tells of a new target', undefined, targetOf(), true],
    ['tells of one that became available', unavailable, targetOf(), true],
    ['tells of another URL', targetOf(), elsewhere, true],
    ['tells of another Secret', targetOf(), recredentialed, true],
    ['tells of another object of the same name', targetOf({ metadata: { name: 't', uid: 'u0' } }), targetOf(), true],
    ['is silent while the target stays closed', undefined, unavailable, false],
    ['is silent when only the status of an open target changed', targetOf({ status: {} }), targetOf(), false],
  ];
  for (const [title, old, current, isOpening] of rows) {
    it(title, () => expect(isTargetOpening(old, current)).to.equal(isOpening));
  }
});
