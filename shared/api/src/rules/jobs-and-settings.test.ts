import { run } from './cases.fixture.ts';

const job = { task: 'backup', cron: '0 2 * * *', retain: 5, retentionPolicy: 'count-based' };
run('a RecurringJob', [
  { what: 'complete', kind: 'RecurringJob', name: 'nightly', spec: job },
  {
    what: 'of no task',
    kind: 'RecurringJob',
    spec: { ...job, task: '' },
    denied: [[422, 'spec.task', 'is not valid']],
  },
  {
    what: 'with a bad cron',
    kind: 'RecurringJob',
    spec: { ...job, cron: '61 * * * *' },
    denied: [[422, 'spec.cron', 'invalid cron format(61 * * * *)']],
  },
  {
    what: 'with too long a name',
    kind: 'RecurringJob',
    name: 'j'.repeat(41),
    spec: job,
    denied: [[422, 'metadata.name', 'invalid name jjj']],
  },
  {
    what: 'that keeps too much',
    kind: 'RecurringJob',
    spec: { ...job, retain: 101 },
    denied: [[422, 'spec.retain', 'less than or equal to 100']],
  },
  {
    what: 'that keeps much where the setting allows it',
    kind: 'RecurringJob',
    spec: { ...job, retain: 101 },
    known: { settings: { 'recurring-job-max-retention': '250' } },
  },
  {
    what: 'with negative concurrency',
    kind: 'RecurringJob',
    spec: { ...job, concurrency: -1 },
    denied: [[422, 'spec.concurrency', 'negative']],
  },
  {
    what: 'with an unknown policy',
    kind: 'RecurringJob',
    spec: { ...job, retentionPolicy: 'x' },
    denied: [[422, 'spec.retentionPolicy', 'is not valid']],
  },
  { what: 'by age', kind: 'RecurringJob', spec: { ...job, retentionPolicy: 'age-based', retainAge: '168h' } },
  {
    what: 'by no age',
    kind: 'RecurringJob',
    spec: { ...job, retentionPolicy: 'age-based', retainAge: '0s' },
    denied: [[422, 'spec.retainAge', 'needs an age']],
  },
  {
    what: 'by age, keeping nothing',
    kind: 'RecurringJob',
    spec: { ...job, task: 'filesystem-trim', retentionPolicy: 'age-based', retainAge: '1h' },
    denied: [[422, 'spec.retentionPolicy', 'does not go with task filesystem-trim']],
  },
  {
    what: 'with parameters of its task',
    kind: 'RecurringJob',
    spec: { ...job, parameters: { 'full-backup-interval': '7' } },
  },
  {
    what: 'with parameters of another task',
    kind: 'RecurringJob',
    spec: { ...job, parameters: { 'volume-backup-policy': 'always' } },
    denied: [[422, 'spec.parameters[volume-backup-policy]', 'invalid parameter']],
  },
  {
    what: 'with a parameter that nobody knows',
    kind: 'RecurringJob',
    spec: { ...job, parameters: { x: 'y' } },
    warned: ['spec.parameters[x] is not known'],
  },
  { what: 'deleted', kind: 'RecurringJob', operation: 'DELETE' },
]);

run('a Setting', [
  { what: 'known', kind: 'Setting', name: 'failed-backup-ttl', value: '0' },
  {
    what: 'unknown',
    kind: 'Setting',
    name: 'colour',
    value: 'red',
    denied: [[422, 'metadata.name', 'setting colour does not exist']],
  },
  {
    what: 'out of range',
    kind: 'Setting',
    name: 'recurring-job-max-retention',
    value: '251',
    denied: [[422, 'value', 'is invalid']],
  },
  {
    what: 'removed upstream',
    kind: 'Setting',
    name: 'backup-target',
    value: 's3://b/',
    warned: ['use spec.backupTargetURL'],
  },
  {
    what: 'deleted',
    kind: 'Setting',
    name: 'failed-backup-ttl',
    operation: 'DELETE',
    denied: [[403, 'metadata.name', 'deleting setting failed-backup-ttl is not allowed']],
  },
  { what: 'unknown, deleted', kind: 'Setting', name: 'colour', operation: 'DELETE' },
]);
