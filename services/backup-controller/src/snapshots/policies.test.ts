import type { MoverState, Snapshot, Volume } from '@mooring/api';
import { expect } from 'chai';
import { decideSnapshot, type SnapshotFacts, type SnapshotStep } from './policies.ts';

const FAILED: MoverState = { kind: 'failed', message: 'it broke', isRefused: true, endedAt: '' };

function snapshotOf(change: { spec?: object; status?: object; metadata?: object } = {}): Snapshot {
  const spec = { volume: 'data', createSnapshot: true, ...change.spec };
  const metadata = { name: 's1', finalizers: ['longhorn.io'], ...change.metadata };
  return { apiVersion: 'longhorn.io/v1beta2', kind: 'Snapshot', metadata, spec, status: change.status ?? {} };
}

function volumeOf(source: NonNullable<Volume['spec']['source']>): Volume {
  return {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'Volume',
    metadata: { name: 'data' },
    spec: { source },
    status: {},
  };
}

const deleted = snapshotOf({ metadata: { deletionTimestamp: 'x' } });
const ready = snapshotOf({ status: { readyToUse: true } });
const other = volumeOf({ zfs: { pool: 'p', dataset: 'd' } });

function factsOf(change: Partial<SnapshotFacts>): SnapshotFacts {
  return {
    snapshot: snapshotOf(),
    source: volumeOf({ file: { path: '/data.img' } }),
    taking: undefined,
    removing: undefined,
    usedBy: undefined,
    coexistence: false,
    ...change,
  };
}

describe('the next step of a Snapshot', () => {
  const rows: [string, Partial<SnapshotFacts>, SnapshotStep['step'], string?][] = [
    ['a new one is taken', {}, 'start'],
    ['it is watched meanwhile', { taking: { kind: 'running' } }, 'watch', 'is being taken'],
    ['and finished when its mover is done', { taking: { kind: 'done' } }, 'finish'],
    ['it says why it could not be taken', { taking: FAILED }, 'fail', 'it broke'],
    ['one that is there rests', { snapshot: ready }, 'rest'],
    ['once the Job that took it is gone', { snapshot: ready, taking: { kind: 'done' } }, 'finish'],
    ['without its volume it cannot be taken', { source: undefined }, 'fail', "'data' does not exist"],
    ['nor from a source without engine', { source: other }, 'fail', 'spec.source.file'],
    [
      'nor unless somebody wants it',
      { snapshot: snapshotOf({ spec: { createSnapshot: false } }) },
      'fail',
      'createSnapshot',
    ],
    [
      'beside a Longhorn one of its volumes is its own',
      { source: volumeOf({ longhorn: {} }), coexistence: true },
      'rest',
    ],
    ['a deleted one is removed where it is', { snapshot: deleted }, 'start'],
    [
      'after the backup that reads it',
      { snapshot: deleted, usedBy: 'b1' },
      'watch',
      'Waiting for the backup b1 to end',
    ],
    ['and after it was taken', { snapshot: deleted, taking: { kind: 'running' } }, 'watch', 'to be taken'],
    ['a failed taking holds nothing up', { snapshot: deleted, taking: FAILED }, 'start'],
    [
      'it is watched while it is removed',
      { snapshot: deleted, removing: { kind: 'running' } },
      'watch',
      'being removed',
    ],
    ['a removal that failed is tried again', { snapshot: deleted, removing: FAILED }, 'again', 'it broke'],
    ['and the object goes when it is done', { snapshot: deleted, removing: { kind: 'done' } }, 'release'],
    ['or when its volume is gone', { snapshot: deleted, source: undefined }, 'release'],
    [
      'one without our finalizer rests',
      { snapshot: snapshotOf({ metadata: { deletionTimestamp: 'x', finalizers: [] } }) },
      'rest',
    ],
  ];
  for (const [title, change, step, message] of rows) {
    it(title, () => {
      const decided = decideSnapshot(factsOf(change));
      expect(decided.step).to.equal(step);
      if (message !== undefined) expect(decided).to.have.property('message').that.contains(message);
    });
  }
});
