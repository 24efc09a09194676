import {
  API_VERSION,
  type BackupTarget,
  type BackupVolume,
  type MoverRun,
  type MoverState,
  restoreSource,
  type Volume,
  type VolumeSpec,
  type VolumeStatus,
} from '@mooring/api';
import { expect } from 'chai';
import type { RestoreFacts, RestoreStep } from './decide-attempt.ts';
import { decideRestore, decideVolume, modeOf, type RestoreMode, type VolumePass } from './policies.ts';

const URL = 's3://bucket@region/?backup=b1&volume=vol';
const NOW = Date.parse('2026-01-01T12:00:00Z');
const source = { file: { path: '/data/v.img' } };

function volumeOf(spec: VolumeSpec = {}, status: VolumeStatus = {}, metadata: object = {}): Volume {
  return {
    ...{ apiVersion: API_VERSION, kind: 'Volume' },
    metadata: { name: 'copy', uid: 'u', ...metadata },
    spec: { source, fromBackup: URL, size: '4', ...spec },
    status,
  };
}

function storeVolume(status: BackupVolume['status'] = {}, more: Partial<BackupVolume> = {}): BackupVolume {
  return {
    ...{ apiVersion: API_VERSION, kind: 'BackupVolume' },
    metadata: { name: 'v-x' },
    spec: { volumeName: 'vol', backupTargetName: 't' },
    status: { size: '4', lastBackupName: 'b2', lastSyncedAt: 'x', ...status },
    ...more,
  };
}

function targetOf(more: Partial<BackupTarget> = {}): BackupTarget {
  return {
    ...{ apiVersion: API_VERSION, kind: 'BackupTarget' },
    metadata: { name: 't', uid: 'tu' },
    spec: { backupTargetURL: 's3://bucket@region/' },
    status: { available: true, lastSyncedAt: 'x' },
    ...more,
  };
}

const known = (storeName: string, more: object = {}) => ({ storeName, state: 'Completed', isDeleting: false, ...more });

function runOf(backup: string, state: MoverState, more: Partial<MoverRun> = {}): MoverRun {
  return {
    metadata: { name: `restore-${backup}`, namespace: 'm', uid: backup, resourceVersion: '1' },
    ...{ task: 'restore', objectUid: 'u', objectName: 'copy', target: 't', volume: 'vol', node: '' },
    orders: { target: 't', volume: 'vol', backup },
    state,
    ...more,
  };
}

const running: MoverState = { kind: 'running' };
const done: MoverState = { kind: 'done' };
const failedAgo = (minutes: number, isRefused = false): MoverState => ({
  ...{ kind: 'failed', message: 'no luck', isRefused },
  endedAt: new Date(NOW - minutes * 60_000).toISOString(),
});

function factsOf(change: Partial<RestoreFacts> = {}): RestoreFacts {
  const facts = {
    volume: volumeOf(),
    source: restoreSource(URL),
    target: targetOf(),
    backupVolume: storeVolume(),
    backups: [known('b1'), known('b2'), known('b3')],
    runs: [],
    rival: undefined,
    running: 0,
    limit: 5,
    nowMs: NOW,
  };
  return { ...facts, ...change };
}

const begun = { restoreInitiated: true, restoreRequired: true };
const ended = { restoreInitiated: true, restoreRequired: false, lastRestoredBackup: 'b1' };
const following = (status: VolumeStatus = {}, spec: VolumeSpec = {}): Volume =>
  volumeOf({ Standby: true, ...spec }, { ...ended, isStandby: true, restoreRun: '=>b1', ...status });
const activating = (status: VolumeStatus = {}): Volume =>
  following({ activationSyncRequestedAt: 'asked', ...status }, { Standby: false });
const synced = storeVolume({ observedSyncRequestedAt: 'asked' });

describe('decideVolume', () => {
  const rows: [string, Volume, boolean, VolumePass][] = [
    ['a file', volumeOf({ fromBackup: '' }), false, 'plain'],
    ['a file that comes from a backup', volumeOf(), false, 'restore'],
    ['a claim', volumeOf({ source: { persistentVolumeClaim: { namespace: 'n', name: 'c' } } }), false, 'decline'],
    ['no source', volumeOf({ source: undefined as never }), false, 'decline'],
    ["no source: Longhorn's, beside one", volumeOf({ source: undefined as never }), true, 'leave'],
    ["Longhorn's own, beside one", volumeOf({ source: { longhorn: {} } }), true, 'leave'],
    ['a file, beside a Longhorn', volumeOf(), true, 'restore'],
    [
      'a deleted one with our finalizer',
      volumeOf({}, {}, { deletionTimestamp: 'x', finalizers: ['longhorn.io'] }),
      false,
      'release',
    ],
    ['a deleted one without', volumeOf({}, {}, { deletionTimestamp: 'x', finalizers: ['x/y'] }), false, 'leave'],
    [
      "a deleted one of Longhorn's, beside one",
      volumeOf({ source: { longhorn: {} } }, {}, { deletionTimestamp: 'x', finalizers: ['longhorn.io'] }),
      true,
      'leave',
    ],
  ];
  for (const [title, volume, coexistence, pass] of rows) {
    it(title, () => expect(decideVolume(volume, coexistence)).to.equal(pass));
  }
});

describe('modeOf', () => {
  const rows: [string, Volume, RestoreMode][] = [
    ['one that was never looked at', volumeOf(), 'initial'],
    ['one whose restore has begun', volumeOf({}, begun), 'initial'],
    ['one that is restored', volumeOf({}, ended), 'none'],
    ['one that is to follow no more before its first restore ended', activating({ restoreRequired: true }), 'activate'],
    ['one that follows', following(), 'follow'],
    ['one that is to follow no more', activating(), 'activate'],
    ['one that is activated', activating({ isStandby: false }), 'none'],
    ['one that is no copy', volumeOf({ fromBackup: '' }), 'none'],
  ];
  for (const [title, volume, mode] of rows) it(title, () => expect(modeOf(volume)).to.equal(mode));
});

describe('decideRestore', () => {
  const rows: [string, Partial<RestoreFacts>, Partial<RestoreStep>][] = [
    ['begins', {}, { step: 'start', backup: 'b1', base: '' }],
    ['rests when it holds its backup', { volume: volumeOf({}, ended) }, { step: 'rest' }],
    ['clears what is left of a restore', { volume: volumeOf({}, ended), runs: [runOf('b1', done)] }, { step: 'clear' }],
    ['fails on a URL without backup', { source: undefined }, { step: 'fail' }],
    ['fails without a target', { target: undefined }, { step: 'fail' }],
    ['fails when the volume is not in the store', { backupVolume: undefined }, { step: 'fail' }],
    [
      'waits while the target syncs',
      { backupVolume: undefined, target: targetOf({ status: { available: true } }) },
      { step: 'wait' },
    ],
    [
      'fails when the volume is being deleted',
      { backupVolume: storeVolume({}, { metadata: { name: 'v-x', deletionTimestamp: 'x' } }) },
      { step: 'fail' },
    ],
    ['fails when the backup is not in the store', { backups: [known('b2')] }, { step: 'fail' }],
    [
      'waits while the volume syncs',
      { backups: [], backupVolume: storeVolume({ lastSyncedAt: null }) },
      { step: 'wait' },
    ],
    ['fails when the backup is being deleted', { backups: [known('b1', { isDeleting: true })] }, { step: 'fail' }],
    ['waits while the backup is written', { backups: [known('b1', { state: 'InProgress' })] }, { step: 'wait' }],
    ['waits for the size', { backupVolume: storeVolume({ size: '' }) }, { step: 'wait' }],
    ['takes the size of the backup', { volume: volumeOf({ size: '' }) }, { step: 'resize', size: '4' }],
    ['takes a larger size', { volume: volumeOf({ size: '8' }) }, { step: 'start' }],
    ['refuses a smaller size', { volume: volumeOf({ size: '3' }) }, { step: 'fail' }],
    ['grows one that follows', { volume: following({}, { size: '3' }) }, { step: 'resize', size: '4' }],
    ['waits for the target', { target: targetOf({ spec: { backupTargetURL: '' } }) }, { step: 'wait' }],
    [
      'waits for another operation',
      { rival: "backup 'x'" },
      { step: 'wait', message: "Waiting for the backup 'x' to end" },
    ],
    ['waits for its turn on the node', { running: 5 }, { step: 'wait' }],
    ['waits while restores are off', { limit: 0 }, { step: 'wait' }],
    ['does not count one that follows', { limit: 0, volume: following() }, { step: 'start' }],
    ['watches', { runs: [runOf('b1', running)] }, { step: 'watch', backup: 'b1' }],
    ['waits for a mover that ends', { runs: [runOf('b1', { kind: 'stopping' })] }, { step: 'wait' }],
    ['finishes', { runs: [runOf('b1', done)] }, { step: 'finish', backup: 'b1' }],
    ['stops the restore of another backup', { runs: [runOf('b2', running)] }, { step: 'stop' }],
    [
      'stops the restore from another target',
      { runs: [runOf('b1', running, { orders: { target: 'x', volume: 'vol', backup: 'b1' } })] },
      { step: 'stop' },
    ],
    [
      'says why it failed',
      { runs: [runOf('b1', failedAgo(1))] },
      { step: 'fail', message: 'no luck', againInMs: 240_000 },
    ],
    [
      'says it in the words of the mover',
      { volume: volumeOf({}, { ...begun, restoreError: 'why' }), runs: [runOf('b1', failedAgo(1))] },
      { message: 'why' },
    ],
    ['tries again after five minutes', { runs: [runOf('b1', failedAgo(5))] }, { step: 'clear' }],
    ['not so soon what was refused', { runs: [runOf('b1', failedAgo(29, true))] }, { step: 'fail', isBadBackup: true }],
    ['but in the end', { runs: [runOf('b1', failedAgo(30, true))] }, { step: 'clear' }],

    [
      'restores the newest at once where it will follow',
      { volume: volumeOf({ Standby: true }) },
      { step: 'start', backup: 'b2', base: '' },
    ],
    ['fetches what changed', { volume: following() }, { step: 'start', backup: 'b2', base: 'b1' }],
    ['goes on with that', { volume: following({ restoreRun: 'b1>b2' }) }, { step: 'start', backup: 'b2', base: 'b1' }],
    [
      'leaves it to the mover what a mix needs',
      { volume: following({ restoreRun: 'b1>b3' }) },
      { step: 'start', backup: 'b2', base: 'b1' },
    ],
    [
      'rests when it is up to date',
      { volume: following({ lastRestoredBackup: 'b2', restoreRun: '=>b2' }) },
      { step: 'rest' },
    ],
    [
      'is not up to date as a mix',
      { volume: following({ lastRestoredBackup: 'b2', restoreRun: 'b2>b3' }) },
      { step: 'start', backup: 'b2', base: '' },
    ],
    [
      'lets the mover of an older backup end',
      { volume: following(), runs: [runOf('b1', running)] },
      { step: 'watch', backup: 'b1' },
    ],
    [
      'follows past a backup that failed',
      { volume: following(), runs: [runOf('b1', failedAgo(1, true))] },
      { step: 'start', backup: 'b2' },
    ],

    ['asks for a sync first', { volume: activating({ activationSyncRequestedAt: '' }) }, { step: 'ask-for-sync' }],
    ['waits for it', { volume: activating() }, { step: 'wait' }],
    [
      'lets a mover end before',
      { volume: activating({ activationSyncRequestedAt: '' }), runs: [runOf('b2', running)] },
      { step: 'watch' },
    ],
    [
      'restores the newest then',
      { volume: activating(), backupVolume: synced },
      { step: 'start', backup: 'b2', base: 'b1' },
    ],
    [
      'is activated',
      { volume: activating({ lastRestoredBackup: 'b2', restoreRun: '=>b2' }), backupVolume: synced },
      { step: 'activate' },
    ],
    [
      'takes a later sync for an answer',
      {
        volume: activating({ lastRestoredBackup: 'b2', restoreRun: '=>b2' }),
        backupVolume: storeVolume(
          { observedSyncRequestedAt: 'later' },
          { spec: { volumeName: 'vol', syncRequestedAt: 'later' } },
        ),
      },
      { step: 'activate' },
    ],
    [
      'says that the newest cannot be restored',
      { volume: activating(), backupVolume: synced, runs: [runOf('b2', failedAgo(1, true))] },
      { step: 'fail', isBadBackup: true },
    ],
    [
      'does not try again what was refused long ago before it has looked for others',
      { volume: activating(), backupVolume: synced, runs: [runOf('b2', failedAgo(99, true))] },
      { step: 'fail', isBadBackup: true },
    ],
    [
      'tries again in the end when none can be restored',
      { volume: activating(), backupVolume: synced, runs: [runOf('b2', failedAgo(99, true))], candidates: ['b2'] },
      { step: 'clear' },
    ],
    [
      'restores the next one then',
      { volume: activating(), backupVolume: synced, runs: [runOf('b2', failedAgo(1, true))], candidates: ['b2', 'b3'] },
      { step: 'start', backup: 'b3', base: 'b1' },
    ],
    [
      'is activated with what it holds when nothing newer can be restored',
      { volume: activating(), backupVolume: synced, runs: [runOf('b2', failedAgo(1, true))], candidates: ['b2', 'b1'] },
      { step: 'activate' },
    ],
    [
      'repairs what a failed restore left before',
      {
        volume: activating({ restoreRun: 'b1>b2' }),
        backupVolume: synced,
        runs: [runOf('b2', failedAgo(1, true))],
        candidates: ['b2', 'b1'],
      },
      { step: 'start', backup: 'b1', base: '' },
    ],
    [
      'is activated with what it holds when the store has no such volume any more',
      { volume: activating(), backupVolume: undefined },
      { step: 'activate' },
    ],
    [
      'not before the target has looked',
      { volume: activating(), backupVolume: undefined, target: targetOf({ status: {} }) },
      { step: 'wait' },
    ],
    [
      'is not activated without any data',
      {
        volume: activating({ lastRestoredBackup: '', restoreRun: '' }),
        backupVolume: storeVolume({ lastBackupName: '', observedSyncRequestedAt: 'asked' }),
      },
      { step: 'wait' },
    ],
    ['not with a mix', { volume: activating({ restoreRun: 'b1>b2' }), backupVolume: undefined }, { step: 'wait' }],
    [
      'is activated when the store has no backup any more',
      { volume: activating(), backupVolume: storeVolume({ lastBackupName: '', observedSyncRequestedAt: 'asked' }) },
      { step: 'activate' },
    ],
  ];
  for (const [title, change, step] of rows) {
    it(title, () => expect(decideRestore(factsOf(change))).to.deep.include(step));
  }
});
