/**
 * Which facts a review needs. Called in a loop (look up, `withFact`, call again) until it returns nothing: a Backup names
 * a Snapshot, the Snapshot a Volume. So a service looks up only what this one review rests on.
 */
import { factKey, type FactNeed, hasFact } from './facts.ts';
import type { KindName } from './kinds/index.ts';
import { LABEL_BACKUP_VOLUME } from './labels.ts';
import { isDeleting, isElsewhere, labelOf, nameOf, specText } from './raw-object.ts';
import { restoredBackup, restoreSource, targetOfBackup } from './restored-from.ts';
import type { Review } from './review.ts';
import { isUrlChanged, sameUrlTargets, secretsToCompare } from './rules/target-facts.ts';

/** Whether the defaults or the rules are about to run; they need different facts. */
export type Phase = 'mutate' | 'validate';

/** What has to be looked up next; empty: run {@link applyDefaults} or {@link validate}. Pure; at most four rounds. */
export function factsNeeded(review: Review, phase: Phase): FactNeed[] {
  const object = review.operation === 'DELETE' ? (review.old ?? review.object) : review.object;
  if (isDeleting(object) || isElsewhere(object, review.facts)) return [];
  const needs = phase === 'mutate' ? needsOfDefaults(review) : needsOfRules(review);
  return unique(needs.filter((need) => !hasFact(review.facts, need)));
}

type Needs = (review: Review) => FactNeed[];

const NEEDS_OF_DEFAULTS: Readonly<Partial<Record<KindName, Needs>>> = {
  Backup: (review) => onCreate(review, () => [...snapshotNeeds(review), ...volumeNeeds(review)]),
  BackupBackingImage: (review) => onCreate(review, () => [{ fact: 'targets' }]),
  SystemBackup: () => [{ fact: 'targets' }],
  Volume: (review) => [...onCreate(review, restoreNeeds), ...settingNeeds(review)],
  Snapshot: (review) => (hasVolumeOwner(review) ? [] : volumeOfSnapshot(review)),
};

const NEEDS_OF_RULES: Readonly<Partial<Record<KindName, Needs>>> = {
  BackupTarget: targetNeeds,
  BackupVolume: (review) => onCreate(review, () => [{ fact: 'targets' }]),
  SystemBackup: (review) => onCreate(review, () => [{ fact: 'targets' }]),
  Backup: (review) => onCreate(review, () => [{ fact: 'targets' }, ...snapshotNeeds(review), ...volumeNeeds(review)]),
  BackupBackingImage: (review) => onCreate(review, () => [{ fact: 'targets' }, imageNeed(review)]),
  Volume: (review) => [{ fact: 'targets' }, ...onCreate(review, restoreNeeds)],
  Snapshot: (review) => onCreate(review, volumeOfSnapshot),
  RecurringJob: () => [{ fact: 'setting', name: 'recurring-job-max-retention' }],
};

/** What the defaults look at. */
function needsOfDefaults(review: Review): FactNeed[] {
  return review.operation === 'DELETE' ? [] : (NEEDS_OF_DEFAULTS[review.kind]?.(review) ?? []);
}

/** What the rules look at; only a BackupTarget has rules for its deletion that need facts. */
function needsOfRules(review: Review): FactNeed[] {
  if (review.operation === 'DELETE' && review.kind !== 'BackupTarget') return [];
  return NEEDS_OF_RULES[review.kind]?.(review) ?? [];
}

function onCreate(review: Review, needs: Needs): FactNeed[] {
  return review.operation === 'CREATE' ? needs(review) : [];
}

function hasVolumeOwner({ object }: Review): boolean {
  return object.metadata.ownerReferences?.some((owner) => owner.kind === 'Volume') ?? false;
}

function targetNeeds(review: Review): FactNeed[] {
  const { operation, object, old, facts } = review;
  const standby: FactNeed = {
    fact: 'standbyVolumes',
    target: nameOf(operation === 'DELETE' ? (old ?? object) : object),
  };
  if (operation === 'DELETE') return [standby];
  const secret = specText(object, 'credentialSecret');
  const isSecretNew = operation === 'CREATE' || secret !== specText(old, 'credentialSecret');
  const needs: FactNeed[] = secret !== '' && isSecretNew ? [{ fact: 'secret', name: secret }] : [];
  const isOther = specText(object, 'backupTargetURL') !== specText(old, 'backupTargetURL');
  if (operation === 'UPDATE' && isOther) needs.push(standby);
  if (!isUrlChanged(review)) return needs;
  needs.push({ fact: 'targets' });
  const others = sameUrlTargets(review, facts.targets ?? []);
  return [...needs, ...secretsToCompare(review, others).map((name): FactNeed => ({ fact: 'secret', name }))];
}

function snapshotNeeds({ object }: Review): FactNeed[] {
  const name = specText(object, 'snapshotName');
  return name === '' ? [] : [{ fact: 'snapshot', name }];
}

/** The volume of the snapshot once that is known, else the one that the label names. */
function volumeNeeds({ object, facts }: Review): FactNeed[] {
  const snapshotName = specText(object, 'snapshotName');
  if (snapshotName !== '' && facts.snapshots?.[snapshotName] === undefined) return [];
  const name = facts.snapshots?.[snapshotName]?.spec.volume || labelOf(object, LABEL_BACKUP_VOLUME);
  return name === '' ? [] : [{ fact: 'volume', name }];
}

function volumeOfSnapshot({ object }: Review): FactNeed[] {
  const name = specText(object, 'volume');
  return name === '' ? [] : [{ fact: 'volume', name }];
}

function restoreNeeds({ object, facts }: Review): FactNeed[] {
  const source = restoreSource(specText(object, 'fromBackup'));
  if (!source) return [];
  const needs: FactNeed[] = [{ fact: 'targets' }, { fact: 'backups', volume: source.volume, backup: source.backup }];
  const backup = restoredBackup(source, facts);
  if (!facts.targets || !backup) return needs;
  return [...needs, { fact: 'backupVolume', target: targetOfBackup(backup), volume: source.volume }];
}

function settingNeeds({ operation, object }: Review): FactNeed[] {
  const needs: FactNeed[] = [];
  if (operation === 'CREATE' && specText(object, 'backupCompressionMethod') === '') {
    needs.push({ fact: 'setting', name: 'backup-compression-method' });
  }
  if (['', '0'].includes(specText(object, 'backupBlockSize'))) {
    needs.push({ fact: 'setting', name: 'default-backup-block-size' });
  }
  return needs;
}

function imageNeed({ object }: Review): FactNeed {
  const [target, image] = [specText(object, 'backupTargetName'), specText(object, 'backingImage')];
  return { fact: 'backingImages', target, image };
}

function unique(needs: readonly FactNeed[]): FactNeed[] {
  return [...new Map(needs.map((need) => [`${need.fact} ${factKey(need)}`, need])).values()];
}
