import type { RecurringJob } from '@mooring/api';
import { expect } from 'chai';
import { volumeJobs } from './volume-jobs.ts';

describe('volumeJobs', () => {
  const job = (name: string, ...groups: string[]): RecurringJob => ({
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'RecurringJob',
    metadata: { name },
    spec: { name, groups, task: 'backup', cron: '0 0 * * *', retain: 3 },
  });
  const [nightly, weekly, usual] = [job('nightly', 'gold'), job('weekly', 'gold', 'silver'), job('usual', 'default')];
  const jobs = [nightly, weekly, usual];
  const group = (name: string) => ({ [`recurring-job-group.longhorn.io/${name}`]: 'enabled' });
  const own = (name: string) => ({ [`recurring-job.longhorn.io/${name}`]: 'enabled' });

  const cases: [what: string, labels: Record<string, string>, expected: unknown][] = [
    ['its own job', own('nightly'), { nightly: { jobSpec: nightly.spec, fromJob: true } }],
    [
      'those of its groups',
      { ...group('silver'), ...group('none') },
      { weekly: { jobSpec: weekly.spec, fromGroup: ['silver'], fromJob: false } },
    ],
    [
      'why each runs',
      { ...group('gold'), ...group('silver'), ...own('weekly') },
      {
        nightly: { jobSpec: nightly.spec, fromGroup: ['gold'], fromJob: false },
        weekly: { jobSpec: weekly.spec, fromGroup: ['gold', 'silver'], fromJob: true },
      },
    ],
    [
      'those of the default group where nothing is said',
      { app: 'db' },
      { usual: { jobSpec: usual.spec, fromGroup: ['default'], fromJob: false } },
    ],
  ];
  for (const [what, labels, expected] of cases) {
    it(`names ${what}`, () => {
      expect(JSON.parse(volumeJobs({ metadata: { name: 'v', labels } }, jobs) ?? 'null')).to.deep.equal(expected);
    });
  }

  it('names nothing where none runs', () => {
    const off = { 'recurring-job.longhorn.io/nightly': 'disabled' };
    for (const labels of [own('gone'), group('none'), { ...off, ...group('none') }])
      expect(volumeJobs({ metadata: { name: 'v', labels } }, jobs)).to.equal(undefined);
    expect(volumeJobs({ metadata: { name: 'v' } }, [])).to.equal(undefined);
  });
});
