import { expect } from 'chai';
import { endedStatus, lostStatus, runningStatus } from './pod-status.ts';
import type { Pod } from './pod.ts';

const pod: Pod = {
  metadata: { name: 'p', namespace: 'n', uid: 'u' },
  spec: { containers: [{ name: 'main', image: 'image:1' }] },
};
const run = { startedAt: '2026-01-01T00:00:00Z', containerID: 'process://1' };
const finishedAt = '2026-01-01T00:00:09Z';

interface Read {
  phase: string;
  conditions: { type: string; status: string }[];
  containerStatuses: { ready: boolean; state: { terminated?: Record<string, unknown> } }[];
}

const ended = (exit: { code: number | null; signal: NodeJS.Signals | null }, disruption?: string) =>
  endedStatus(pod, { ...run, finishedAt, exit, disruption }) as unknown as Read;
const condition = ({ conditions }: Read, type: string) => conditions.find((one) => one.type === type)?.status;

describe("a Pod's status", () => {
  it('says of a program that runs that it is ready', () => {
    const status = runningStatus(pod, run) as unknown as Read;
    expect(status.phase).to.equal('Running');
    expect(condition(status, 'Ready')).to.equal('True');
    expect(status.containerStatuses[0]?.ready).to.equal(true);
  });

  const rows: [string, { code: number | null; signal: NodeJS.Signals | null }, string, number][] = [
    ['0 as success', { code: 0, signal: null }, 'Succeeded', 0],
    ['another code as failure', { code: 75, signal: null }, 'Failed', 75],
    ['a signal as 128 and its number', { code: null, signal: 'SIGKILL' }, 'Failed', 137],
  ];
  for (const [what, exit, phase, exitCode] of rows) {
    it(`tells ${what}`, () => {
      const status = ended(exit);
      expect(status.phase).to.equal(phase);
      expect(status.containerStatuses[0]?.state.terminated).to.include({
        exitCode,
        finishedAt,
        ...{ startedAt: run.startedAt },
      });
      expect(condition(status, 'Ready')).to.equal('False');
      expect(condition(status, 'DisruptionTarget')).to.equal(undefined);
    });
  }

  it('marks what is not the doing of the program, so that a Job need not count it', () => {
    expect(condition(ended({ code: 1, signal: null }, 'the node is stopping'), 'DisruptionTarget')).to.equal('True');
    expect(condition(lostStatus(pod, finishedAt, 'away') as unknown as Read, 'DisruptionTarget')).to.equal('True');
  });
});
