import { expect } from 'chai';
import { findCondition, isConditionTrue, withCondition, withoutCondition } from './conditions.ts';

const T1 = '2026-08-21T10:00:00Z';
const T2 = '2026-08-21T11:00:00Z';
const ready = { type: 'Ready', status: 'True', reason: 'Synced', message: '' } as const;

describe('conditions', () => {
  it('are appended in Longhorn’s shape', () => {
    for (const list of [undefined, null, []]) {
      expect(withCondition(list, ready, T1)).to.deep.equal([{ ...ready, lastProbeTime: '', lastTransitionTime: T1 }]);
    }
  });

  it('keep the very same list when nothing changes, so that nothing is written', () => {
    const list = withCondition([], ready, T1);
    expect(withCondition(list, ready, T2)).to.equal(list);
  });

  it('move their transition time only with the status', () => {
    const list = withCondition([], ready, T1);
    const renamed = withCondition(list, { ...ready, message: 'again' }, T2);
    expect(renamed[0]).to.deep.include({ message: 'again', lastTransitionTime: T1 });
    const failed = withCondition(renamed, { ...ready, status: 'False', reason: 'Timeout' }, T2);
    expect(failed[0]).to.deep.include({ status: 'False', reason: 'Timeout', lastTransitionTime: T2 });
  });

  it('give one without a transition time the present one', () => {
    expect(withCondition([{ type: 'Ready', status: 'True' }], ready, T2)[0]).to.include({ lastTransitionTime: T2 });
  });

  it('leave the list that they were given and the other conditions as they are', () => {
    const list = withCondition(withCondition([], ready, T1), { ...ready, type: 'Unavailable' }, T1);
    const frozen = Object.freeze(list.map((condition) => Object.freeze(condition)));
    const next = withCondition(frozen, { ...ready, status: 'False' }, T2);
    expect(next[1]).to.equal(list[1]);
    expect(isConditionTrue(list, 'Ready')).to.equal(true);
    expect(isConditionTrue(next, 'Ready')).to.equal(false);
  });

  it('can be found and taken out', () => {
    const list = withCondition([], ready, T1);
    expect(findCondition(list, 'Ready')).to.equal(list[0]);
    expect(findCondition(null, 'Ready')).to.equal(undefined);
    expect(withoutCondition(list, 'Unavailable')).to.equal(list);
    expect(withoutCondition(list, 'Ready')).to.deep.equal([]);
  });
});
