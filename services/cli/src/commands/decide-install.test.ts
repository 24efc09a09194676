import { type CrdFacts, customResourceDefinition, kinds } from '@mooring/api';
import { expect } from 'chai';
import { CRD_NAMES, decideInstall, type InstallFacts, type InstallWish } from './decide-install.ts';

const OWN = { isCoexisting: false, isApplying: true };
const BESIDE = { isCoexisting: true, isApplying: false };
const NONE = { isCoexisting: false, isApplying: false };

const ours = new Map(
  kinds.map((kind) => {
    const crd = customResourceDefinition(kind) as unknown as CrdFacts;
    return [crd.metadata.name, crd] as const;
  }),
);
const longhorns = new Map(
  CRD_NAMES.map((name): [string, CrdFacts] => [
    name,
    { metadata: { name, labels: { 'app.kubernetes.io/name': 'longhorn' } }, spec: ours.get(name)?.spec ?? {} },
  ]),
);
const empty = new Map<string, CrdFacts>();

function factsOf(change: Partial<InstallFacts> = {}): InstallFacts {
  return { crds: ours, managers: [], webhooks: [], ...change };
}

/** The CRDs with one that a release wrote which no longer serves our version. */
function withIncompatible(): Map<string, CrdFacts> {
  const name = 'backups.longhorn.io';
  const annotations = { 'mooring.io/crd-version': '9.0.0' };
  return new Map([...ours, [name, { metadata: { name, annotations }, spec: { versions: [] } }]]);
}

describe('decideInstall', () => {
  const manager = ['DaemonSet longhorn-system/longhorn-manager'];
  const webhooks = ['ValidatingWebhookConfiguration longhorn-webhook-validator'];
  const cases: readonly [what: string, facts: InstallFacts, wish: InstallWish, refusal: RegExp | undefined][] = [
    ['takes an empty cluster', factsOf({ crds: empty }), OWN, undefined],
    ['takes a cluster that has ours', factsOf(), OWN, undefined],
    [
      'refuses a Longhorn manager',
      factsOf({ managers: manager }),
      OWN,
      /longhorn-system\/longhorn-manager.*coexistence/,
    ],
    ['refuses webhooks of Longhorn', factsOf({ webhooks }), OWN, /longhorn-webhook-validator/],
    [
      'refuses CRDs of Longhorn, and says how to hand them over',
      factsOf({ crds: longhorns }),
      OWN,
      /annotate crd backup/,
    ],
    ['refuses a Longhorn also when it brings no CRDs', factsOf({ managers: manager }), NONE, /coexistence/],
    ['takes a Longhorn beside it', factsOf({ crds: longhorns, managers: manager, webhooks }), BESIDE, undefined],
    ['wants the CRDs of the Longhorn beside it', factsOf({ crds: empty }), BESIDE, /install Longhorn first/],
    ['wants CRDs when it brings none', factsOf({ crds: empty }), NONE, /crds\.install=true/],
    ['refuses a newer CRD without our version', factsOf({ crds: withIncompatible() }), OWN, /version 9\.0\.0/],
    ['refuses it beside a Longhorn, too', factsOf({ crds: withIncompatible() }), BESIDE, /version 9\.0\.0/],
  ];
  for (const [what, facts, wish, refusal] of cases) {
    it(what, () => {
      const verdict = decideInstall(facts, wish);
      if (refusal === undefined) expect(verdict).to.not.have.property('refusal');
      else
        expect(verdict.refusal)
          .to.match(/^failed to /)
          .and.match(refusal);
    });
  }

  it('plans for each CRD by itself', () => {
    const verdict = decideInstall(factsOf(), { ...OWN, version: '0.0.1' });
    expect('plans' in verdict && new Set(verdict.plans.values())).to.deep.equal(new Set(['keep']));
    const upgrade = decideInstall(factsOf(), { ...OWN, version: '0.2.0' });
    expect('plans' in upgrade && new Set(upgrade.plans.values())).to.deep.equal(new Set(['apply']));
  });
});
