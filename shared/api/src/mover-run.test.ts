import { expect } from 'chai';
import { moverJob, type MoverJob } from './mover-job.ts';
import { isMoverActive, toMoverRun } from './mover-run.ts';

const job: MoverJob = moverJob({
  settings: { namespace: 'movers', image: 'mover', serviceAccount: 'mover', env: {} },
  task: 'restore',
  object: { metadata: { name: 'copy', uid: 'uid' } },
  orders: { target: 'Target.1', volume: 'pvc', backup: 'backup-1' },
  store: { target: 'target', volume: 'pvc' },
  node: 'node-1',
});

describe('what is remembered of a mover’s Job', () => {
  it('says what it does, for which object, on which data and where', () => {
    const { metadata, ...run } = toMoverRun(job);
    expect(metadata).to.include({ namespace: 'movers', name: job.metadata.name });
    expect(run).to.deep.equal({
      ...{ task: 'restore', objectUid: 'uid', objectName: 'copy', target: 'target', volume: 'pvc', node: 'node-1' },
      orders: { target: 'Target.1', volume: 'pvc', backup: 'backup-1' },
      state: { kind: 'running' },
    });
  });

  it('is empty text where a Job says nothing', () => {
    const bare = toMoverRun({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x' }, spec: {} });
    expect(bare.metadata).to.deep.equal({ name: 'x', namespace: '', uid: '', resourceVersion: '' });
    expect(bare).to.include({ task: '', objectUid: '', objectName: '', target: '', volume: '', node: '' });
    expect(bare.orders).to.deep.equal({ target: '', volume: '', backup: '' });
  });

  it('counts as active until its Pods have ended', () => {
    const run = toMoverRun(job);
    const kinds = [{ kind: 'running' }, { kind: 'stopping' }, { kind: 'done' }] as const;
    expect(kinds.map((state) => isMoverActive({ ...run, state }))).to.deep.equal([true, true, false]);
  });
});
