import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  API_VERSION,
  type BackupVolume,
  type Facts,
  LABEL_RECURRING_GROUP,
  LABEL_RECURRING_JOB,
  type RecurringJob,
  type RecurringJobSpec,
  STORE_LABEL_RECURRING_JOBS,
  validate,
  type Volume,
  withDefaults,
} from '@mooring/api';
import { asObject, objectIn } from './json-object.ts';

/** Group of the volumes without any such label. */
const DEFAULT_GROUP = `${LABEL_RECURRING_GROUP}default`;

/** Beginning of the names of jobs that came back while another has their name. */
const RESTORED_PREFIX = 'restored-recurring-job-';

/** What a label may be called behind its slash. */
const LABEL_NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

/** A recurring job as it ran on the volume that was backed up. */
export interface RecordedJob {
  readonly name: string;
  readonly spec: RecurringJobSpec;
  /** Why it ran on the volume: through these groups, and by its own name. */
  readonly groups: readonly string[];
  readonly isOwn: boolean;
}

/** Whether a Volume gets the jobs back: not one that follows, and by default (the setting's value) not one that has jobs or groups already. */
export function wantsJobs({ metadata, spec }: Volume, isDefault: boolean): boolean {
  if (spec.Standby === true) return false;
  const wish = spec.restoreVolumeRecurringJob;
  if (wish === 'enabled' || wish === 'disabled') return wish === 'enabled';
  const hasJobs = Object.keys(metadata.labels ?? {}).some(
    (key) => key.startsWith(LABEL_RECURRING_JOB) || (key.startsWith(LABEL_RECURRING_GROUP) && key !== DEFAULT_GROUP),
  );
  return isDefault && !hasJobs;
}

/**
 * The jobs that a BackupVolume remembers, `{"<job>":{"jobSpec":{…},"fromGroup":["<group>"],"fromJob":true}}`; what cannot be read is left out: whoever may write to the store may write
 * anything there.
 */
export function recordedJobs({ status }: BackupVolume): RecordedJob[] {
  return Object.entries(objectIn(status?.labels?.[STORE_LABEL_RECURRING_JOBS] ?? '') ?? {}).flatMap(([name, info]) => {
    const { jobSpec, fromGroup, fromJob } = asObject(info) ?? {};
    const spec = asObject(jobSpec) as RecurringJobSpec | undefined;
    const groups = Array.isArray(fromGroup) ? fromGroup.filter((group) => typeof group === 'string') : [];
    return spec === undefined ? [] : [{ name, spec, groups, isOwn: fromJob === true }];
  });
}

/** Which job stands for a recorded one, longhorn-manager.md §3.8; `create`: it has to be made, and is complete and legal. */
export interface JobChoice {
  readonly name: string;
  readonly create?: RecurringJob;
  /** Why it cannot be made. */
  readonly problem?: string;
}

/** Chooses the job of its name, if that does the same; else one that came back before, or a new one. Choosing again after a crash gives the same. */
export function chooseJob(recorded: RecordedJob, jobs: readonly RecurringJob[], facts: Facts): JobChoice {
  const wanted = normal(recorded.spec, facts);
  const isSame = ({ spec }: RecurringJob): boolean => isDeepStrictEqual(normal(spec, facts), wanted);
  const namesake = jobs.find(({ metadata }) => metadata.name === recorded.name);
  if (namesake !== undefined && isSame(namesake)) return { name: recorded.name };
  const hash = createHash('sha256').update(JSON.stringify(wanted)).digest('hex').slice(0, 16);
  const name = namesake === undefined ? recorded.name : `${RESTORED_PREFIX}${hash}`;
  const twin = jobs.find((job) => job.metadata.name === name || (isRestored(job) && isSame(job)));
  if (twin !== undefined) return { name: twin.metadata.name };
  const create = completed(name, { ...recorded.spec, name }, facts);
  const [denial] = validate({
    kind: 'RecurringJob',
    operation: 'CREATE',
    new: create as never,
    facts,
  }).denials;
  return denial === undefined ? { name, create } : { name, problem: denial.message };
}

/** Labels that put these jobs and groups onto a Volume. */
export function jobLabels({ groups, isOwn }: RecordedJob, name: string): Record<string, string> {
  const keys = [
    ...groups.map((group) => [LABEL_RECURRING_GROUP, group] as const),
    ...(isOwn ? [[LABEL_RECURRING_JOB, name] as const] : []),
  ];
  const legal = keys.filter(([, rest]) => LABEL_NAME.test(rest));
  return Object.fromEntries(legal.map(([prefix, rest]) => [`${prefix}${rest}`, 'enabled']));
}

function isRestored({ metadata }: RecurringJob): boolean {
  return metadata.name.startsWith(RESTORED_PREFIX);
}

/** A spec without its name, with everything said that is meant, keys in order. */
function normal(spec: RecurringJobSpec, facts: Facts): object {
  const { name: _name, ...rest } = completed('any', spec, facts).spec;
  return Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function completed(name: string, spec: RecurringJobSpec, facts: Facts): RecurringJob {
  const job = {
    apiVersion: API_VERSION,
    kind: 'RecurringJob',
    metadata: { name, namespace: facts.objectNamespace },
    spec,
  };
  return withDefaults(job, facts);
}
