import { expect } from 'chai';
import { planCrd, type CrdFacts } from './crd-plan.ts';

const name = 'backups.longhorn.io';
const served = { versions: [{ name: 'v1beta2', served: true }] };
const ours = (version: string): CrdFacts => ({
  metadata: { name, annotations: { 'mooring.io/crd-version': version } },
  spec: served,
});
const labelled = (labels: Record<string, string>): CrdFacts => ({ metadata: { name, labels }, spec: served });

describe('planCrd', () => {
  const cases: readonly [what: string, existing: CrdFacts | undefined, plan: string][] = [
    ['an absent one is applied', undefined, 'apply'],
    ['an older one of ours is upgraded', ours('1.1.9'), 'apply'],
    ['the same one is applied again, so that edits are undone', ours('1.2.0'), 'apply'],
    ['a newer one is never downgraded', ours('1.2.1'), 'keep'],
    ['one that was handed over by hand is taken', ours('0.0.0'), 'apply'],
    ['a newer one without our version is refused', { ...ours('2.0.0'), spec: { versions: [] } }, 'incompatible'],
    ['one of Longhorn’s chart is foreign', labelled({ 'app.kubernetes.io/name': 'longhorn' }), 'foreign'],
    ['one of Rancher’s chart is foreign', labelled({ 'helm.sh/chart': 'longhorn-crd-104.2.0' }), 'foreign'],
    ['one without marks is taken', labelled({ 'longhorn-manager': '' }), 'apply'],
  ];
  for (const [what, existing, plan] of cases) {
    it(what, () => {
      expect(planCrd(existing, '1.2.0')).to.equal(plan);
    });
  }

  it('believes our mark more than labels of Longhorn, which a CRD that was handed over still has', () => {
    const handedOver = { ...ours('0.0.0').metadata, labels: { 'app.kubernetes.io/name': 'longhorn' } };
    expect(planCrd({ metadata: handedOver, spec: served }, '1.2.0')).to.equal('apply');
  });
});
