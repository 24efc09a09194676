import { expect } from 'chai';
import type { ObjectMeta } from './resource.ts';
import { type RemoteDataFacts, whyDataStay, type Witness } from './remote-data.ts';

const living = (uid: string): Witness => ({ metadata: { uid } });
const dying = (uid: string): Witness => ({ metadata: { uid, deletionTimestamp: '2026-01-01T00:00:00Z' } });
const stamps = { 'mooring.io/target-uid': 't', 'mooring.io/store': '0123456789abcdef' };

function factsOf(metadata: Partial<ObjectMeta>, change: Partial<RemoteDataFacts>): RemoteDataFacts {
  return {
    metadata: { name: 'b', annotations: stamps, ...metadata },
    namespace: living('n'),
    definition: living('d'),
    target: living('t'),
    ...change,
  };
}

const target = (uid: string) => ({ apiVersion: 'longhorn.io/v1beta2', kind: 'BackupTarget', name: 'default', uid });
const owner = { uid: 'v', found: living('v') };

describe('remote data', () => {
  const cases: [string, Partial<ObjectMeta>, Partial<RemoteDataFacts>, string | undefined][] = [
    ['go when a person deletes one object', {}, {}, undefined],
    ['go when all owners are the ones that it came from', { ownerReferences: [target('t')] }, { owner }, undefined],
    [
      'go with any other value of the label',
      { labels: { 'longhorn.io/delete-custom-resource-only': 'no' } },
      {},
      undefined,
    ],
    ['stay with the label', { labels: { 'longhorn.io/delete-custom-resource-only': 'true' } }, {}, 'label'],
    ['stay when the namespace goes', {}, { namespace: dying('n') }, 'namespace'],
    ['stay when the namespace is gone', {}, { namespace: undefined }, 'namespace'],
    ['stay when the CRD goes', {}, { definition: dying('d') }, 'CustomResourceDefinition'],
    ['stay when the CRD is gone', {}, { definition: undefined }, 'CustomResourceDefinition'],
    ['stay when the target goes', {}, { target: dying('t') }, 'BackupTarget is deleted'],
    ['stay when the target is gone', {}, { target: undefined }, 'BackupTarget is deleted'],
    ['stay when the target was replaced', {}, { target: living('u') }, 'made anew'],
    ['stay when the owning target is another', { ownerReferences: [target('u')] }, {}, 'made anew'],
    ['stay without a stamp of the target', { annotations: { 'mooring.io/store': 'x' } }, {}, 'does not say'],
    ['stay without a stamp of the store', { annotations: { 'mooring.io/target-uid': 't' } }, {}, 'does not say'],
    ['stay without any annotation', { annotations: {} }, {}, 'does not say'],
    ['stay when the owner goes', {}, { owner: { uid: 'v', found: dying('v') } }, 'owner is deleted'],
    ['stay when the owner is gone', {}, { owner: { uid: 'v', found: undefined } }, 'owner is deleted'],
    ['stay when the owner was replaced', {}, { owner: { uid: 'v', found: living('w') } }, 'made anew'],
  ];
  for (const [name, metadata, change, why] of cases) {
    it(name, () => {
      const said = whyDataStay(factsOf(metadata, change));
      if (why === undefined) expect(said).to.equal(undefined);
      else expect(said).to.contain(why);
    });
  }
});
