import { expect } from 'chai';
import { decideStep, graceMsOf, type ProcessFacts, type Step } from './decide-step.ts';
import type { Pod } from './pod.ts';

const NODE = 'here';

interface Parts {
  node?: string;
  phase?: string;
  /** Grace of its deletion, seconds. */
  deleted?: number;
  selector?: Record<string, string>;
  said?: string;
}

function pod({ node = NODE, phase = 'Pending', deleted, selector, said }: Parts): Pod {
  const deletion = deleted === undefined ? {} : { deletionTimestamp: 'now', deletionGracePeriodSeconds: deleted };
  return {
    metadata: { name: 'p', namespace: 'n', uid: 'u', ...deletion },
    spec: {
      containers: [],
      terminationGracePeriodSeconds: 60,
      ...(node === '' ? {} : { nodeName: node }),
      ...(selector === undefined ? {} : { nodeSelector: selector }),
    },
    status: { phase, conditions: said === undefined ? [] : [{ type: 'PodScheduled', status: 'False', message: said }] },
  };
}

const process_ = (isRunning: boolean, told: ProcessFacts['told']): ProcessFacts => ({ isRunning, told });
const step = (parts: Parts, facts?: ProcessFacts, isStopping = false): Step =>
  decideStep({ pod: pod(parts), process: facts, nodeName: NODE, nodeLabels: { host: NODE }, isStopping });

describe('the next step of a Pod', () => {
  const rows: [string, Parts, ProcessFacts | undefined, Step['kind']][] = [
    ['without a node is taken', { node: '' }, undefined, 'bind'],
    ['whose selector fits is taken', { node: '', selector: { host: NODE } }, undefined, 'bind'],
    ['whose selector fits no node is told so', { node: '', selector: { host: 'there' } }, undefined, 'unschedulable'],
    ['deleted before it has a node is left to the API server', { node: '', deleted: 0 }, undefined, 'nothing'],
    ['of another node is left', { node: 'there' }, undefined, 'nothing'],
    ['that is taken is started', {}, undefined, 'start'],
    ['that was deleted before its start ends', { deleted: 60 }, undefined, 'lost'],
    ['that is said to run, and does not, is lost', { phase: 'Running' }, undefined, 'lost'],
    [
      'that is said to run, and does not, is lost when deleted too',
      { phase: 'Running', deleted: 9 },
      undefined,
      'lost',
    ],
    ['that runs is announced', {}, process_(true, 'nothing'), 'announce'],
    ['that runs and is announced is left', { phase: 'Running' }, process_(true, 'running'), 'nothing'],
    ['that is deleted is stopped', { phase: 'Running', deleted: 60 }, process_(true, 'running'), 'stop'],
    ['that is deleted is stopped before it is announced', { deleted: 60 }, process_(true, 'nothing'), 'stop'],
    ['that has ended is reported', { phase: 'Running' }, process_(false, 'running'), 'report'],
    ['that has ended before anyone knew is reported', {}, process_(false, 'nothing'), 'report'],
    ['that has ended while deleted is reported first', { deleted: 60 }, process_(false, 'running'), 'report'],
    ['that is reported goes when deleted', { phase: 'Failed', deleted: 60 }, process_(false, 'ended'), 'remove'],
    [
      'that is reported goes even if its object is old here',
      { phase: 'Running', deleted: 60 },
      process_(false, 'ended'),
      'remove',
    ],
    ['that ended before the node began goes when deleted', { phase: 'Succeeded', deleted: 60 }, undefined, 'remove'],
    ['that only finalizers hold is left', { phase: 'Failed', deleted: 0 }, process_(false, 'ended'), 'nothing'],
    ['that ended is left', { phase: 'Succeeded' }, undefined, 'nothing'],
  ];
  for (const [what, parts, facts, expected] of rows) {
    it(`one ${what}`, () => {
      expect(step(parts, facts).kind).to.equal(expected);
    });
  }

  it('is none that begins something once the node stops', () => {
    expect(step({ node: '' }, undefined, true).kind).to.equal('nothing');
    expect(step({}, undefined, true).kind).to.equal('nothing');
    expect(step({}, process_(false, 'running'), true).kind).to.equal('report');
  });

  it('does not say twice that no node fits', () => {
    const first = step({ node: '', selector: { host: 'there' } });
    const said = first.kind === 'unschedulable' ? first.message : '';
    expect(said).to.contain("its label host is not 'there'");
    expect(step({ node: '', selector: { host: 'there' }, said }).kind).to.equal('nothing');
  });
});

describe('the grace of a Pod', () => {
  it("is its deletion's, else its own, else Kubernetes' default", () => {
    expect(graceMsOf(pod({ deleted: 5 }))).to.equal(5_000);
    expect(graceMsOf(pod({}))).to.equal(60_000);
    const { terminationGracePeriodSeconds: _own, ...spec } = pod({}).spec;
    expect(graceMsOf({ ...pod({}), spec })).to.equal(30_000);
  });
});
