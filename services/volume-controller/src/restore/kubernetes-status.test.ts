import { API_VERSION, type Backup } from '@mooring/api';
import { schemaProblems } from '@mooring/api/schema-validator';
import { expect } from 'chai';
import fc from 'fast-check';
import { kubernetesStatusOf } from './kubernetes-status.ts';

const TAKEN = '2026-01-01T12:00:00Z';
const EARLIER = '2025-12-31T12:00:00Z';

function backupOf(label: unknown): Backup {
  const KubernetesStatus = typeof label === 'string' ? label : JSON.stringify(label);
  return {
    ...{ apiVersion: API_VERSION, kind: 'Backup', metadata: { name: 'b1' }, spec: {} },
    status: { snapshotCreatedAt: TAKEN, labels: { KubernetesStatus } },
  };
}

const workload = { podName: 'p', podStatus: 'Running', workloadName: 'w', workloadType: 'StatefulSet' };
const nothing = { namespace: '', pvcName: '', lastPVCRefAt: '', lastPodRefAt: '', workloadsStatus: [] };

describe('kubernetesStatusOf', () => {
  const rows: [string, unknown, object][] = [
    [
      'takes the times of the snapshot where there are none',
      { namespace: 'n', pvcName: 'c', workloadsStatus: [workload] },
      { namespace: 'n', pvcName: 'c', lastPVCRefAt: TAKEN, lastPodRefAt: TAKEN, workloadsStatus: [workload] },
    ],
    [
      'keeps the times that there are',
      { namespace: 'n', pvcName: 'c', lastPVCRefAt: EARLIER, lastPodRefAt: EARLIER, workloadsStatus: [workload] },
      { namespace: 'n', pvcName: 'c', lastPVCRefAt: EARLIER, lastPodRefAt: EARLIER, workloadsStatus: [workload] },
    ],
    ['makes up no time for what was never used', { namespace: 'n' }, { ...nothing, namespace: 'n' }],
    ['leaves the PersistentVolume out', { pvName: 'pv', pvStatus: 'Bound' }, nothing],
    ['takes null for absent, as Go does', { pvcName: null, workloadsStatus: null }, nothing],
    ['leaves out what it does not know', { more: 1, workloadsStatus: [] }, nothing],
    ['takes no label for nothing', '', {}],
    ['takes no JSON for nothing', '{"pvcName":', {}],
    ['takes JSON of something else for nothing', '[]', {}],
    ['takes null for nothing', 'null', {}],
    ['takes a field of another type for nothing at all', { namespace: 'n', pvcName: 5 }, {}],
    ['takes workloads that are no list for nothing at all', { pvcName: 'c', workloadsStatus: {} }, {}],
    ['takes workloads that are none for nothing at all', { pvcName: 'c', workloadsStatus: ['p'] }, {}],
  ];
  for (const [title, label, status] of rows) {
    it(title, () => expect(kubernetesStatusOf(backupOf(label))).to.deep.equal(status));
  }

  it('is empty for a backup without labels', () => {
    expect(kubernetesStatusOf({ ...backupOf(''), status: {} })).to.deep.equal({});
  });

  it('makes of anything what the API server accepts', () => {
    const texts = fc.oneof(fc.string(), fc.constant(null), fc.integer());
    const item = fc.record({ podName: texts, workloadName: texts }, { requiredKeys: [] });
    const label = fc.oneof(
      fc.json(),
      fc
        .record({ pvcName: texts, namespace: texts, workloadsStatus: fc.array(item) }, { requiredKeys: [] })
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(label, (text) => {
        const kubernetesStatus = kubernetesStatusOf(backupOf(text));
        const volume = { apiVersion: API_VERSION, kind: 'Volume', metadata: { name: 'v' }, spec: {} };
        expect(schemaProblems('Volume', { ...volume, status: { kubernetesStatus } })).to.deep.equal([]);
      }),
    );
  });

  it('keeps as many workloads as the schema allows', () => {
    const many = { workloadsStatus: Array.from({ length: 2000 }, () => workload) };
    expect(kubernetesStatusOf(backupOf(many)).workloadsStatus).to.have.length(1024);
  });
});
