/** Rules of RecurringJob (longhorn-manager.md §2.2). */
import { parseDurationMs } from '../duration.ts';
import { nameOf, specMap, specNumber, specText } from '../raw-object.ts';
import type { Denial, RawObject, Review, Verdict } from '../review.ts';
import { settingValue } from '../settings.ts';
import { cronProblem } from './cron.ts';
import { nameDenials } from './names.ts';
import { invalid, newVerdict } from './verdict.ts';

/** Longhorn's limit: the name becomes part of CronJob and snapshot names. */
const NAME_MAX = 40;

const TASKS: readonly string[] = [
  'snapshot',
  'snapshot-force-create',
  'snapshot-cleanup',
  'snapshot-delete',
  'backup',
  'backup-force-create',
  'filesystem-trim',
  'system-backup',
];

/** Tasks that keep nothing, so that an age decides nothing. */
const TASKS_WITHOUT_RETENTION: readonly string[] = ['snapshot-cleanup', 'filesystem-trim'];

const PARAMETERS: Readonly<Record<string, { tasks: readonly string[]; values: RegExp; cure: string }>> = {
  'full-backup-interval': {
    tasks: ['backup', 'backup-force-create'],
    values: /^[0-9]{1,9}$/,
    cure: 'use a whole number of at least 0, with task backup or backup-force-create',
  },
  'volume-backup-policy': {
    tasks: ['system-backup'],
    values: /^(if-not-present|always|disabled)$/,
    cure: 'use if-not-present, always or disabled, with task system-backup',
  },
};

/** Rules for creating and changing a RecurringJob. */
export function validateRecurringJob(review: Review): Verdict {
  const verdict = newVerdict();
  if (review.operation === 'DELETE') return verdict;
  const { object } = review;
  if (review.operation === 'CREATE') verdict.denials.push(...jobNameDenials(nameOf(object)));
  verdict.denials.push(...taskDenials(object), ...retentionDenials(review), ...parameterDenials(object));
  const unknown = Object.keys(specMap(object, 'parameters')).filter((key) => !Object.hasOwn(PARAMETERS, key));
  verdict.warnings.push(...unknown.map((key) => `spec.parameters[${key}] is not known and has no effect`));
  return verdict;
}

function jobNameDenials(name: string): Denial[] {
  if (name.length <= NAME_MAX) return nameDenials(name);
  const message = `invalid name ${name}: it has ${name.length} characters, more than ${NAME_MAX}`;
  return [invalid('metadata.name', message, 'choose a shorter name; it becomes part of the names of snapshots')];
}

function taskDenials(object: RawObject): Denial[] {
  const denials: Denial[] = [];
  const [task, cron] = [specText(object, 'task'), specText(object, 'cron')];
  if (!TASKS.includes(task)) {
    denials.push(
      invalid('spec.task', `recurring job task ${task || '(none)'} is not valid`, `use one of ${TASKS.join(', ')}`),
    );
  }
  const problem = cronProblem(cron);
  if (problem !== undefined) {
    const message = `invalid cron format(${cron}): ${problem}`;
    denials.push(invalid('spec.cron', message, 'write minute hour day month weekday, e.g. 0 2 * * *'));
  }
  if ((specNumber(object, 'concurrency') ?? 0) < 0) {
    denials.push(invalid('spec.concurrency', 'concurrency is negative', 'use at least 1, or 0 for 10'));
  }
  return denials;
}

function retentionDenials({ object, facts }: Review): Denial[] {
  const name = 'recurring-job-max-retention';
  const maximum = Number(settingValue(name, facts.settings?.[name]));
  const retain = specNumber(object, 'retain') ?? 0;
  if (retain > maximum) {
    const message = `retain value ${retain} should be less than or equal to ${maximum}`;
    return [invalid('spec.retain', message, `keep fewer, or raise setting ${name} (at most 250)`)];
  }
  const [policy, task] = [specText(object, 'retentionPolicy'), specText(object, 'task')];
  if (policy !== '' && policy !== 'count-based' && policy !== 'age-based') {
    return [invalid('spec.retentionPolicy', `retention policy ${policy} is not valid`, 'use count-based or age-based')];
  }
  if (policy !== 'age-based') return [];
  if (TASKS_WITHOUT_RETENTION.includes(task)) {
    return [
      invalid('spec.retentionPolicy', `retention policy age-based does not go with task ${task}`, 'use count-based'),
    ];
  }
  if ((parseDurationMs(specText(object, 'retainAge')) ?? 0) > 0) return [];
  const message = 'retention policy age-based needs an age';
  return [invalid('spec.retainAge', message, 'set a duration of more than 0s, e.g. 168h')];
}

function parameterDenials(object: RawObject): Denial[] {
  return Object.entries(specMap(object, 'parameters')).flatMap(([key, value]) => {
    const rule = Object.hasOwn(PARAMETERS, key) ? PARAMETERS[key] : undefined;
    if (!rule || (rule.tasks.includes(specText(object, 'task')) && rule.values.test(value))) return [];
    return [
      invalid(
        `spec.parameters[${key}]`,
        `invalid parameter ${key}:${value} for task ${specText(object, 'task')}`,
        rule.cure,
      ),
    ];
  });
}
