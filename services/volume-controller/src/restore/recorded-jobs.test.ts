import { API_VERSION, type BackupVolume, type RecurringJob, type RecurringJobSpec, type Volume } from '@mooring/api';
import { expect } from 'chai';
import { chooseJob, jobLabels, type RecordedJob, recordedJobs, wantsJobs } from './recorded-jobs.ts';

const FACTS = { objectNamespace: 'n', allowedSchemes: [] };
const spec: RecurringJobSpec = { name: 'daily', task: 'backup', cron: '0 2 * * *', retain: 7, concurrency: 2 };
const daily: RecordedJob = { name: 'daily', spec, groups: ['nightly'], isOwn: true };

function jobOf(name: string, change: RecurringJobSpec = {}): RecurringJob {
  const metadata = { name, namespace: 'n' };
  return { ...{ apiVersion: API_VERSION, kind: 'RecurringJob' }, metadata, spec: { ...spec, name, ...change } };
}

function storeVolume(label: string): BackupVolume {
  const labels = { VolumeRecurringJobInfo: label };
  return {
    ...{ apiVersion: API_VERSION, kind: 'BackupVolume' },
    metadata: { name: 'v' },
    spec: {},
    status: { labels },
  };
}

describe('wantsJobs', () => {
  const job = { 'recurring-job.longhorn.io/x': 'enabled' };
  const group = { 'recurring-job-group.longhorn.io/x': 'enabled' };
  const usual = { 'recurring-job-group.longhorn.io/default': 'enabled' };
  const rows: [string, Volume['spec'], Record<string, string>, isDefault: boolean, wanted: boolean][] = [
    ['not by itself', {}, {}, false, false],
    ['by the setting', { restoreVolumeRecurringJob: 'ignored' }, {}, true, true],
    ['by the setting, in the default group', {}, usual, true, true],
    ['not by the setting where it has a job', {}, job, true, false],
    ['not by the setting where it has a group', {}, group, true, false],
    ['by its own wish', { restoreVolumeRecurringJob: 'enabled' }, job, false, true],
    ['not against its own wish', { restoreVolumeRecurringJob: 'disabled' }, {}, true, false],
    ['not while it follows', { restoreVolumeRecurringJob: 'enabled', Standby: true }, {}, true, false],
  ];
  for (const [title, wishes, labels, isDefault, wanted] of rows) {
    it(title, () => {
      const metadata = { name: 'v', labels };
      const volume = { ...{ apiVersion: API_VERSION, kind: 'Volume' }, metadata, spec: wishes };
      expect(wantsJobs(volume, isDefault)).to.equal(wanted);
    });
  }
});

describe('recordedJobs', () => {
  it('reads what Longhorn writes', () => {
    const info = { daily: { jobSpec: spec, fromGroup: ['nightly'], fromJob: true }, other: { jobSpec: spec } };
    expect(recordedJobs(storeVolume(JSON.stringify(info)))).to.deep.equal([
      daily,
      { name: 'other', spec, groups: [], isOwn: false },
    ]);
  });
  for (const label of ['', 'null', '[]', '{"a":', '{"a":5}', '{"a":{}}', '{"a":{"jobSpec":[]}}']) {
    it(`takes ${label || 'nothing'} for no job`, () => {
      expect(recordedJobs(storeVolume(label))).to.deep.equal([]);
    });
  }
});

describe('chooseJob', () => {
  it('makes a job of its name, complete', () => {
    const { name, create } = chooseJob(daily, [], FACTS);
    expect(name).to.equal('daily');
    expect(create?.spec).to.deep.include({ ...spec, groups: [], labels: {}, retentionPolicy: 'count-based' });
  });
  it('takes the one that does the same, said in other words', () => {
    const same = jobOf('daily', { retainAge: '0s', groups: [], retentionPolicy: 'count-based' });
    expect(chooseJob(daily, [same], FACTS)).to.deep.equal({ name: 'daily' });
  });
  it('makes one of another name where its own is taken, and finds that again', () => {
    const taken = jobOf('daily', { retain: 1 });
    const { name, create } = chooseJob(daily, [taken], FACTS);
    expect(name).to.match(/^restored-recurring-job-[0-9a-f]{16}$/);
    expect(create?.spec).to.include({ name, retain: 7 });
    expect(chooseJob(daily, [taken, jobOf(name)], FACTS)).to.deep.equal({ name });
    const longhorns = jobOf('restored-recurring-job-c5e3');
    expect(chooseJob(daily, [taken, longhorns], FACTS)).to.deep.equal({ name: 'restored-recurring-job-c5e3' });
  });
  it('says why a job cannot be made', () => {
    const bad = { ...daily, spec: { ...spec, cron: 'never' } };
    expect(chooseJob(bad, [], FACTS).problem).to.contain('invalid cron format');
  });
});

describe('jobLabels', () => {
  it('names the groups and, where it ran by its own name, the job', () => {
    expect(jobLabels(daily, 'new')).to.deep.equal({
      'recurring-job-group.longhorn.io/nightly': 'enabled',
      'recurring-job.longhorn.io/new': 'enabled',
    });
    expect(jobLabels({ ...daily, groups: ['no label!', ''], isOwn: false }, 'new')).to.deep.equal({});
  });
});
