import { expect } from 'chai';
import { decidePass, isObjectOnly, needsPass, type Pass, type PassFacts } from './policies.ts';
import { entryOf, targetOf, volumeOf } from './test-objects.ts';

function factsOf(change: Partial<PassFacts> = {}): PassFacts {
  return { entry: entryOf(), target: targetOf(), volume: volumeOf(), ...change };
}

const SYNCED = { isSynced: true, hasStatus: true, state: 'Completed' };
const UNHELD = { ...entryOf().metadata, finalizers: ['x/y'] };
const GONE = { deletionTimestamp: '2026-01-01T00:00:00Z' };
const DOUBTED = { available: true, conditions: [{ type: 'StoreReplaced', status: 'True' as const }] };
const UNAVAILABLE = { available: false, conditions: [{ type: 'Unavailable', status: 'True' as const }] };

describe('decidePass', () => {
  const rows: [string, Partial<PassFacts>, Pass][] = [
    ['a Backup that was never read is read', {}, 'read'],
    ['a Backup that was read rests', { entry: entryOf(SYNCED) }, 'rest'],
    [
      'a new request is answered, whatever its time',
      { entry: entryOf({ ...SYNCED, syncRequestedAt: '2001' }) },
      'read',
    ],
    [
      'an answered request is not answered again',
      { entry: entryOf({ ...SYNCED, syncRequestedAt: 'a', observedSyncRequestedAt: 'a' }) },
      'rest',
    ],
    ['it waits without its target', { target: undefined }, 'wait'],
    ['it waits for a target without URL', { target: targetOf({ spec: {} }) }, 'wait'],
    ['it waits while the target is being deleted', { target: targetOf({ metadata: GONE }) }, 'wait'],
    ['it waits while the target is unavailable', { target: targetOf({ status: UNAVAILABLE }) }, 'wait'],
    ['it waits while another store answers, unconfirmed', { target: targetOf({ status: DOUBTED }) }, 'wait'],
    ['it waits when another target took the name', { target: targetOf({ metadata: { uid: 'other' } }) }, 'wait'],
    ['it does not wait for a target that has no verdict yet', { target: targetOf({ status: {} }) }, 'read'],
    ['it waits without its volume', { volume: undefined }, 'wait'],
    ['it waits until its volume is synced, to know its size', { volume: volumeOf({ hasVerdict: false }) }, 'wait'],
    [
      'it waits when another volume took the name',
      { volume: volumeOf({ metadata: { ...volumeOf().metadata, uid: 'other' } }) },
      'wait',
    ],
    ['one without stamps (made by Longhorn) is read', { entry: entryOf({ targetUid: '', ownerUid: '' }) }, 'read'],
    ['one that an uninstall let go is claimed again', { entry: entryOf({ ...SYNCED, metadata: UNHELD }) }, 'claim'],
    ['one that waits is claimed meanwhile', { entry: entryOf({ metadata: UNHELD }), target: undefined }, 'claim'],
    ['one that is to be read is claimed by that', { entry: entryOf({ metadata: UNHELD }) }, 'read'],
    ['a deleted one is left to the removal', { entry: entryOf({ isDeleting: true }) }, 'rest'],
    [
      'a deleted one is released without target and volume',
      { entry: entryOf({ isDeleting: true }), target: undefined, volume: undefined },
      'release',
    ],
    [
      'a deleted one without our finalizer rests',
      { entry: entryOf({ isDeleting: true, isObjectOnly: true, metadata: UNHELD }) },
      'rest',
    ],
    ['one that is made here is left to the creation', { entry: entryOf({ isLocal: true }) }, 'rest'],
    ['one that was made here rests once it is complete', { entry: entryOf({ isLocal: true, ...SYNCED }) }, 'rest'],
    ['and answers a request then', { entry: entryOf({ isLocal: true, ...SYNCED, syncRequestedAt: '2001' }) }, 'read'],
    [
      'one that failed here is not read',
      { entry: entryOf({ isLocal: true, state: 'Error', syncRequestedAt: '2001' }) },
      'rest',
    ],
    [
      'a deleted one that was made here is left to the removal',
      { entry: entryOf({ isLocal: true, isDeleting: true, isObjectOnly: true }) },
      'rest',
    ],
  ];
  for (const [title, change, pass] of rows) {
    it(title, () => {
      const facts = factsOf(change);
      expect(decidePass(facts)).to.equal(pass);
      // The queue must not miss a pass that has something to do.
      if (pass !== 'rest') expect(needsPass(facts.entry)).to.equal(true);
    });
  }
});

describe('isObjectOnly', () => {
  const rows: [string, Partial<PassFacts>, boolean][] = [
    ['a person deleted the object', {}, false],
    ['the label says object only', { entry: entryOf({ isObjectOnly: true }) }, true],
    ['it was made here, and its mover may run', { entry: entryOf({ isLocal: true }), target: undefined }, false],
    ['the target is gone', { target: undefined }, true],
    ['the target is being deleted', { target: targetOf({ metadata: GONE }) }, true],
    ['the target was replaced', { target: targetOf({ metadata: { uid: 'other' } }) }, true],
    ['the volume is gone', { volume: undefined }, true],
    ['the volume is being deleted', { volume: volumeOf({ isDeleting: true }) }, true],
    ['the volume was replaced', { volume: volumeOf({ metadata: { ...volumeOf().metadata, uid: 'other' } }) }, true],
  ];
  for (const [title, change, isOnly] of rows) {
    it(`is ${String(isOnly)} when ${title}`, () => {
      expect(isObjectOnly(factsOf(change))).to.equal(isOnly);
    });
  }
});
