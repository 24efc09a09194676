import { expect } from 'chai';
import { isObjectName, labelValue } from '@mooring/api';
import { candidateNames, chooseName, type NameHolder, type NameSeeker } from './names.ts';

function seekerOf(change: Partial<NameSeeker> = {}): NameSeeker {
  const volumeName = change.volumeName ?? 'pvc-1';
  return { target: 'default', volumeName, volumeLabel: labelValue(volumeName), storeName: 'backup-1', ...change };
}

describe('the object name of a backup', () => {
  it("is the store's name while that is free", () => {
    expect(chooseName(seekerOf(), () => undefined)).to.equal('backup-1');
  });

  it('stays its own when it holds it already', () => {
    const holder = { target: 'default', volume: 'pvc-1', storeName: 'backup-1' };
    expect(chooseName(seekerOf(), () => holder)).to.equal('backup-1');
  });

  const others: [string, NameHolder][] = [
    ['another target', { target: 'second', volume: 'pvc-1', storeName: 'backup-1' }],
    ['another volume', { target: 'default', volume: 'pvc-2', storeName: 'backup-1' }],
    ['another backup of the same volume', { target: 'default', volume: 'pvc-1', storeName: 'Backup_1' }],
  ];
  for (const [title, holder] of others) {
    it(`takes the colliding form when ${title} holds the plain one`, () => {
      const name = chooseName(seekerOf(), (asked) => (asked === 'backup-1' ? holder : undefined));
      expect(name).to.match(/^backup-1-[0-9a-f]{8}$/);
    });
  }

  it('is none when both forms belong to others', () => {
    expect(chooseName(seekerOf(), () => ({ target: 'x', volume: 'y', storeName: 'z' }))).to.equal(undefined);
  });

  for (const storeName of ['b1', 'b'.repeat(64), 'b'.repeat(200), 'with_underscore', 'Upper.Case_', 'b'.repeat(250)]) {
    it(`is legal for a backup named '${storeName.slice(0, 20)}' of ${storeName.length} characters`, () => {
      const names = candidateNames(seekerOf({ storeName, volumeName: 'v_'.repeat(100) }));
      expect(names.map(isObjectName)).to.deep.equal([true, true]);
      expect(names[0]).to.not.equal(names[1]);
    });
  }
});
