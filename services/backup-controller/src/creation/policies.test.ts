import type { MoverState, Snapshot, Volume } from '@mooring/api';
import { expect } from 'chai';
import { entryOf, targetOf } from '../test-objects.ts';
import { type CreationFacts, decideStep, isCreating, SNAPSHOT_GRACE_MS } from './policies.ts';

const LOCAL = { isLocal: true, snapshotName: 's1' };

function snapshotOf(status: NonNullable<Snapshot['status']>, metadata: object = {}): Snapshot {
  const spec = { volume: 'data', createSnapshot: true };
  return { apiVersion: 'longhorn.io/v1beta2', kind: 'Snapshot', metadata: { name: 's1', ...metadata }, spec, status };
}

function sourceOf(source: Volume['spec']['source']): Volume {
  const spec = source === undefined ? {} : { source };
  return { apiVersion: 'longhorn.io/v1beta2', kind: 'Volume', metadata: { name: 'data' }, spec, status: {} };
}

function factsOf(change: Partial<CreationFacts> = {}): CreationFacts {
  return {
    entry: entryOf(LOCAL),
    target: targetOf(),
    snapshot: snapshotOf({ readyToUse: true }),
    source: sourceOf({ file: { path: '/data.img' } }),
    mover: undefined,
    rival: undefined,
    running: 0,
    limit: 2,
    coexistence: false,
    ageMs: 0,
    ...change,
  };
}

const FAILED: MoverState = { kind: 'failed', message: 'it broke', isRefused: true, endedAt: '' };
const UNAVAILABLE = { available: false, conditions: [{ type: 'Unavailable', status: 'True' as const }] };

describe('the next step of a Backup that is made here', () => {
  const rows: [string, Partial<CreationFacts>, string, string?][] = [
    ['it starts when all is there', {}, 'start'],
    ['a pulled one rests', { entry: entryOf() }, 'rest'],
    ['a completed one rests', { entry: entryOf({ ...LOCAL, state: 'Completed' }) }, 'rest'],
    ['a failed one rests', { entry: entryOf({ ...LOCAL, state: 'Error' }) }, 'rest'],
    ['a deleted one rests', { entry: entryOf({ ...LOCAL, isDeleting: true }) }, 'rest'],
    ['while its mover runs, it is watched', { mover: { kind: 'running' } }, 'watch'],
    [
      'also when everything else is gone',
      { mover: { kind: 'running' }, target: undefined, source: undefined },
      'watch',
    ],
    ['while its mover ends, it waits', { mover: { kind: 'stopping' } }, 'wait', 'Waiting for the mover to end'],
    ['when its mover is done, the store is asked', { mover: { kind: 'done' } }, 'finish'],
    ['when its mover failed, so has it', { mover: FAILED }, 'fail', 'it broke'],
    ['it waits for a snapshot that may still come', { snapshot: undefined }, 'wait', 'Failed to get the Snapshot s1'],
    ['but not for ever', { snapshot: undefined, ageMs: SNAPSHOT_GRACE_MS }, 'fail', 'Failed to get the Snapshot s1'],
    [
      'nor for one that is being deleted',
      { snapshot: snapshotOf({}, { deletionTimestamp: 'x' }) },
      'fail',
      'Failed to get',
    ],
    [
      'it waits until the snapshot is taken',
      { snapshot: snapshotOf({}) },
      'wait',
      'Waiting for the snapshot s1 to be ready',
    ],
    ['it fails without its volume', { source: undefined }, 'fail', 'cannot find the corresponding volume'],
    ['a source without engine is declined', { source: sourceOf({ zfs: { pool: 'p', dataset: 'd' } }) }, 'decline'],
    ['a volume without source is declined', { source: sourceOf(undefined) }, 'decline'],
    ['beside a Longhorn that is its volume', { source: sourceOf(undefined), coexistence: true }, 'rest'],
    ['it waits for its target', { target: undefined }, 'wait', 'Waiting for the BackupTarget default to exist'],
    ['and until that is available', { target: targetOf({ status: UNAVAILABLE }) }, 'wait', 'to be available'],
    [
      'it waits for its turn',
      { rival: { what: 'restore of volume v' } },
      'wait',
      'Waiting for the restore of volume v to end',
    ],
    ['and for a place', { running: 2 }, 'wait', 'Waiting for one of 2 running backups to end'],
  ];
  for (const [title, change, step, message] of rows) {
    it(title, () => {
      const decided = decideStep(factsOf(change));
      expect(decided.step).to.equal(step);
      if (message !== undefined) expect(decided).to.have.property('message').that.contains(message);
    });
  }

  it('comes only while it is not at its end', () => {
    const states = ['', 'Pending', 'InProgress', 'Completed', 'Error', 'Unknown'];
    expect(states.map((state) => isCreating(entryOf({ ...LOCAL, state })))).to.deep.equal([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
