import type { MoverState } from '@mooring/api';
import { expect } from 'chai';
import { entryOf, targetOf } from '../test-objects.ts';
import { decideVerification, type VerificationFacts, type VerificationStep } from './policies.ts';

const DONE = { state: 'Completed', isSynced: true };
const FAILED: MoverState = { kind: 'failed', message: 'it broke', isRefused: true, endedAt: '' };

function factsOf(change: Partial<VerificationFacts>): VerificationFacts {
  return {
    entry: entryOf(DONE),
    target: targetOf(),
    mover: undefined,
    running: 0,
    limit: 2,
    intervalMs: 0,
    nowMs: 1_000,
    ...change,
  };
}

describe('the verification of a Backup', () => {
  const asked = entryOf({ ...DONE, verifyWish: 'full' });
  const rows: [string, Partial<VerificationFacts>, VerificationStep][] = [
    ['rests when nobody asks', {}, { step: 'rest' }],
    ['starts as it is asked to', { entry: asked }, { step: 'start', mode: 'full' }],
    [
      'lists when the wish is any other word',
      { entry: entryOf({ ...DONE, verifyWish: 'yes' }) },
      { step: 'start', mode: 'lists' },
    ],
    ['lists when its time has come', { intervalMs: 500 }, { step: 'start', mode: 'lists' }],
    [
      'waits for its time',
      { entry: entryOf({ ...DONE, verifiedMs: 900 }), intervalMs: 500 },
      { step: 'later', afterMs: 400 },
    ],
    [
      'does not wait when it is asked',
      { entry: { ...asked, verifiedMs: 900 }, intervalMs: 500 },
      { step: 'start', mode: 'full' },
    ],
    ['waits for a place', { entry: asked, running: 2 }, { step: 'later', afterMs: 15_000 }],
    ['rests without its target', { entry: asked, target: undefined }, { step: 'rest' }],
    ['rests while the backup is not complete', { entry: { ...asked, state: 'InProgress' } }, { step: 'rest' }],
    ['rests while the backup is being deleted', { entry: { ...asked, isDeleting: true } }, { step: 'rest' }],
    ['rests while its mover runs', { entry: asked, mover: { kind: 'running' } }, { step: 'rest' }],
    ['is told when its mover is done', { mover: { kind: 'done' } }, { step: 'finish' }],
    ['is told when its mover failed', { mover: FAILED }, { step: 'finish', error: 'it broke' }],
  ];
  for (const [title, change, step] of rows) {
    it(title, () => {
      expect(decideVerification(factsOf(change))).to.deep.equal(step);
    });
  }
});
