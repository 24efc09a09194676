/** The rules at admission: what must never be stored (longhorn-manager.md §2.2 with design.md §3's corrections). */
import { isDeleting, isElsewhere } from './raw-object.ts';
import type { RawObject, Review, Verdict } from './review.ts';
import { validateBackup } from './rules/backup.ts';
import { validateBackupBackingImage, validateBackupVolume, validateSystemBackup } from './rules/backup-kinds.ts';
import { validateBackupTarget } from './rules/backup-target.ts';
import { namespaceDenial } from './rules/names.ts';
import { validateRecurringJob } from './rules/recurring-job.ts';
import { validateSetting } from './rules/setting.ts';
import { newVerdict } from './rules/verdict.ts';
import { validateSnapshot, validateVolume } from './rules/volume-kinds.ts';

/** The reviewed objects as an AdmissionReview names them: CREATE has `new`, DELETE has `old`, UPDATE has both. */
export type ValidateInput = Pick<Review, 'kind' | 'operation' | 'facts'> & { old?: RawObject; new?: RawObject };

/**
 * Judges one request. Pure: the verdict depends on nothing but the input, so a dry run is the same. No rule applies once
 * the object is being deleted, nor outside the object namespace, where nothing can be created either. All facts that `factsNeeded(…, 'validate')` names
 * must be there; one that is absent counts as "does not exist" (with `needs: 'live-check'`).
 */
export function validate(input: ValidateInput): Verdict {
  const { kind, operation, facts } = input;
  const object = operation === 'DELETE' ? (input.old ?? input.new) : input.new;
  if (!object) {
    const denial = { field: '', message: 'the request has no object', cure: 'send the object', code: 400 } as const;
    return { denials: [denial], warnings: [] };
  }
  if (isDeleting(object)) return newVerdict();
  const review: Review = { kind, operation, object, old: input.old, facts };
  if (!isElsewhere(object, facts)) return judge(review);
  return { denials: operation === 'CREATE' ? [namespaceDenial(review)] : [], warnings: [] };
}

function judge(review: Review): Verdict {
  switch (review.kind) {
    case 'BackupTarget':
      return validateBackupTarget(review);
    case 'Volume':
      return validateVolume(review);
    case 'Snapshot':
      return validateSnapshot(review);
    case 'RecurringJob':
      return validateRecurringJob(review);
    case 'Setting':
      return validateSetting(review);
    default:
      return review.operation === 'DELETE' ? newVerdict() : judgeMirrored(review);
  }
}

function judgeMirrored(review: Review): Verdict {
  switch (review.kind) {
    case 'BackupVolume':
      return validateBackupVolume(review);
    case 'Backup':
      return validateBackup(review);
    case 'BackupBackingImage':
      return validateBackupBackingImage(review);
    default:
      return validateSystemBackup(review);
  }
}
