import { expect } from 'chai';
import { facts, raw } from './facts.fixture.ts';
import { kinds, type KindName } from './kinds/index.ts';
import { validate } from './validate.ts';

describe('a request without an object', () => {
  it('is a bad request', () => {
    const { denials } = validate({ kind: 'Backup', operation: 'CREATE', facts: facts() });
    expect(denials).to.have.length(1);
    expect(denials[0]).to.include({ code: 400 });
  });
});

describe('every kind', () => {
  for (const { resource } of kinds) {
    const kind = resource.kind as KindName;

    it(`is judged without failing, whatever the object holds: ${kind}`, () => {
      for (const spec of [undefined, null, {}, { labels: 5, size: [], task: {}, fromBackup: 1 }]) {
        const object = raw(kind, 'ab', spec === undefined ? {} : { spec: spec as Record<string, unknown> | null });
        for (const operation of ['CREATE', 'UPDATE', 'DELETE'] as const) {
          expect(() => validate({ kind, operation, new: object, old: object, facts: facts() })).to.not.throw();
        }
      }
    });

    it(`is not created outside the object namespace: ${kind}`, () => {
      const object = raw(kind, 'ab', { metadata: { namespace: 'other' } });
      const { denials } = validate({ kind, operation: 'CREATE', new: object, facts: facts() });
      expect(denials.map(({ code, cure }) => [code, cure])).to.deep.equal([
        [403, 'create it in namespace longhorn-system'],
      ]);
    });
  }
});
