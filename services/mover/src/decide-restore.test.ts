import { expect } from 'chai';
import fc from 'fast-check';
import { mayRestoreChanges, restoreBegun, restoreDone } from './decide-restore.ts';

describe('What may be restored as changes', () => {
  const cases: [what: string, base: string, backup: string, last: string, may: boolean][] = [
    ['nothing without a base', '', 'b2', '=>b1', false],
    ['nothing in data that no mover wrote', 'b1', 'b2', '', false],
    ['what follows the backup that was restored', 'b1', 'b2', '=>b1', true],
    ['the same changes once more', 'b1', 'b2', 'b1>b2', true],
    ['nothing after a whole restore of the base that did not end', 'b1', 'b2', '>b1', false],
    ['nothing after changes towards the base that did not end', 'b1', 'b2', 'b0>b1', false],
    ['nothing after a later backup that the controller has not seen restored', 'b1', 'b3', '=>b2', false],
    ['nothing after changes to another backup that did not end', 'b1', 'b3', 'b1>b2', false],
    ['nothing while a whole restore of it has not ended', 'b1', 'b3', '>b3', false],
    ['nothing after changes from another base', 'b1', 'b3', 'b2>b3', false],
    ['nothing after a backup whose name ends like the base', 'b1', 'b2', '=>xb1', false],
  ];
  for (const [what, base, backup, last, may] of cases) {
    it(`is ${what}`, () => {
      expect(mayRestoreChanges({ base, backup, last })).to.equal(may);
    });
  }

  it('never mixes two backups: changes are applied to exactly their base, or to a mix of just the two', () => {
    // A volume is a set of backups that its blocks may be of. Restores end or are cut at random; the controller orders any next one.
    const backups = fc.constantFrom('a', 'b', 'c', 'd');
    const order = fc.record({ backup: backups, ends: fc.boolean(), isSeen: fc.boolean() });
    fc.assert(
      fc.property(fc.array(order, { maxLength: 12 }), (orders) => {
        let blocks = new Set<string>();
        let [last, restored] = ['', ''];
        for (const { backup, ends, isSeen } of orders) {
          const isByChanges = mayRestoreChanges({ base: restored, backup, last });
          if (isByChanges) expect([...blocks].every((block) => block === restored || block === backup)).to.equal(true);
          last = ends ? restoreDone({ backup }) : restoreBegun({ base: isByChanges ? restored : '', backup });
          blocks = ends ? new Set([backup]) : new Set([...blocks, backup]);
          // The controller may die before it has seen the end.
          if (ends && isSeen) restored = backup;
        }
      }),
    );
  });
});
