import { expect } from 'chai';
import fc from 'fast-check';
import { mergeDiff, replacesList } from './merge-diff.ts';

/** RFC 7386, as the API server applies it. */
function apply(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Record<string, unknown> = isObject ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = apply(result[key], value);
  }
  return result;
}

describe('mergeDiff', () => {
  const table: { name: string; before: unknown; after: unknown; patch: unknown }[] = [
    { name: 'equal objects', before: { a: [1, { b: 2 }] }, after: { a: [1, { b: 2 }] }, patch: undefined },
    { name: 'a changed value', before: { a: 1, b: 2 }, after: { a: 1, b: 3 }, patch: { b: 3 } },
    { name: 'a removed member', before: { a: 1, b: 2 }, after: { a: 1 }, patch: { b: null } },
    { name: 'a new nested member', before: { a: {} }, after: { a: { b: { c: 1 } } }, patch: { a: { b: { c: 1 } } } },
    { name: 'a changed list', before: { a: [1, 2] }, after: { a: [2] }, patch: { a: [2] } },
    { name: 'null, undefined and absent alike', before: { a: null, b: undefined }, after: {}, patch: undefined },
    { name: 'a null that gets a value', before: { a: null }, after: { a: {} }, patch: { a: {} } },
    { name: 'members of another type', before: { a: { b: 1 } }, after: { a: 'text' }, patch: { a: 'text' } },
  ];
  for (const { name, before, after, patch } of table) {
    it(`finds ${name}`, () => {
      expect(mergeDiff(before, after)).to.deep.equal(patch);
    });
  }

  it('makes, applied, the one into the other', () => {
    const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.dictionary(
        fc.constantFrom('a', 'b', 'c', 'd'),
        fc.oneof({ depthSize: 'small' }, leaf, fc.array(leaf), tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        const patch = mergeDiff(before, after);
        expect(plain(patch === undefined ? before : apply(before, patch))).to.deep.equal(plain(after));
      }),
    );
  });

  it('tells whether a patch replaces a list anywhere', () => {
    expect(replacesList({ a: { b: [] } })).to.equal(true);
    expect(replacesList({ a: { b: null } })).to.equal(false);
  });
});

/** Without prototypes, which fast-check varies. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
