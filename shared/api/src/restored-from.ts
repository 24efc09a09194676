/** Which Backup a Volume with `spec.fromBackup` comes from. */
import { decodeBackupUrl } from './backup-url.ts';
import type { Facts } from './facts.ts';
import type { Backup } from './kinds/backup.ts';
import type { BackupVolume } from './kinds/backup-volume.ts';
import { ANNOTATION_STORE_NAME, LABEL_BACKUP_TARGET } from './labels.ts';
import type { ObjectMeta } from './resource.ts';
import { sameStore } from './store-identity.ts';

/** `spec.fromBackup` taken apart; undefined when it is empty or no URL of a backup. */
export interface RestoreSource {
  backup: string;
  volume: string;
  destUrl: string;
}

/** The backup and volume that a restore URL names, or undefined when it names none. */
export function restoreSource(fromBackup: string): RestoreSource | undefined {
  try {
    const { backup, volume, destUrl } = decodeBackupUrl(fromBackup);
    return backup && volume ? { backup, volume, destUrl } : undefined;
  } catch {
    return undefined;
  }
}

/** Name of a mirrored object in its store: the annotation `mooring.io/store-name`, else its own name. */
export function storeNameOf(metadata: Partial<ObjectMeta>): string {
  return metadata.annotations?.[ANNOTATION_STORE_NAME] ?? metadata.name ?? '';
}

/**
 * The Backup object that `source` means: of several targets with the same backup (a replicated bucket), the one whose
 * target has the URL's store; undefined when there is none or it was not looked up.
 */
export function restoredBackup(source: RestoreSource, facts: Facts): Backup | undefined {
  const candidates = facts.backups?.[`${source.volume}/${source.backup}`] ?? [];
  const inSameStore = candidates.find((backup) => {
    const target = facts.targets?.find((other) => other.metadata.name === targetOfBackup(backup));
    return target !== undefined && sameStore({ url: target.spec.backupTargetURL ?? '' }, { url: source.destUrl });
  });
  return inSameStore ?? candidates[0];
}

/** Name of the target of a Backup object. */
export function targetOfBackup(backup: Backup): string {
  return backup.status?.backupTargetName || backup.metadata.labels?.[LABEL_BACKUP_TARGET] || '';
}

/** The BackupVolume that holds `backup`; null: there is none; undefined: not looked up. */
export function restoredBackupVolume(
  source: RestoreSource,
  backup: Backup,
  facts: Facts,
): BackupVolume | null | undefined {
  return facts.backupVolumes?.[`${targetOfBackup(backup)}/${source.volume}`];
}
