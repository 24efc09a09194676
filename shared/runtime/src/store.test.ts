import { expect } from 'chai';
import fc from 'fast-check';
import { Store } from './store.ts';

interface Item {
  readonly owner: readonly string[];
}

describe('Store', () => {
  it('keeps its indexes equal to what a search over all objects finds', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const owners = fc.uniqueArray(fc.constantFrom('x', 'y', 'z'));
    const step = fc.oneof(
      fc.record({ do: fc.constant('set' as const), key, owners }),
      fc.record({ do: fc.constant('delete' as const), key, owners: fc.constant([]) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const store = new Store<Item>({ owner: (item) => item.owner });
        const model = new Map<string, Item>();
        for (const each of steps) {
          if (each.do === 'set') {
            store.set(each.key, { owner: each.owners });
            model.set(each.key, { owner: each.owners });
          } else {
            store.delete(each.key);
            model.delete(each.key);
          }
        }
        expect(store.size).to.equal(model.size);
        for (const owner of ['x', 'y', 'z']) {
          const keys = [...model].filter(([, item]) => item.owner.includes(owner)).map(([name]) => name);
          expect([...store.keysByIndex('owner', owner)]).to.have.members(keys);
          expect(store.byIndex('owner', owner)).to.have.length(keys.length);
        }
      }),
    );
  });

  it('says that an index is missing rather than finding nothing', () => {
    expect(() => new Store().byIndex('owner', 'x')).to.throw(RangeError, 'owner');
  });
});
