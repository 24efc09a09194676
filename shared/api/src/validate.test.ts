import { expect } from 'chai';
import fc from 'fast-check';
import { facts, raw } from './facts.fixture.ts';
import { factsNeeded } from './facts-needed.ts';
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

describe('any object', () => {
  const field = fc.constantFrom(
    'backupTargetURL',
    'credentialSecret',
    'pollInterval',
    'backupTargetName',
    'volumeName',
    'snapshotName',
    'labels',
    'backupMode',
    'backupBlockSize',
    'backingImage',
    'fromBackup',
    'Standby',
    'size',
    'volume',
    'task',
    'cron',
    'retain',
    'retainAge',
    'retentionPolicy',
    'concurrency',
    'parameters',
    'dataLayout',
  );
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('s3://b@r/', 'nfs://h/x', 'age-based', 's3://b/?backup=bb&volume=vv', true),
  );
  const spec = fc.option(fc.dictionary(field, value));
  const review = fc.record({
    kind: fc.constantFrom(...kinds.map(({ resource }) => resource.kind as KindName)),
    operation: fc.constantFrom('CREATE', 'UPDATE', 'DELETE'),
    now: spec,
    was: spec,
  });

  it('gets a verdict, and every denial a field, a reason, a cure and a code', () => {
    fc.assert(
      fc.property(review, ({ kind, operation, now, was }) => {
        const [object, old] = [raw(kind, 'ab', { spec: now }), raw(kind, 'ab', { spec: was })];
        for (const phase of ['mutate', 'validate'] as const) {
          expect(factsNeeded({ kind, operation, object, old, facts: facts() }, phase)).to.be.an('array');
        }
        for (const denial of validate({ kind, operation, new: object, old, facts: facts() }).denials) {
          expect([400, 403, 409, 422]).to.include(denial.code);
          expect([denial.field, denial.message, denial.cure]).to.not.include('');
        }
      }),
    );
  });
});
