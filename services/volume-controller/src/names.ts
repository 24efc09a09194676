import { backupObjectName, collidingBackupName } from '@mooring/api';

/** Who holds an object name: the (target, volume, backup) that its object mirrors. `volume` is in label form. */
export interface NameHolder {
  readonly target: string;
  readonly volume: string;
  readonly storeName: string;
  /** True while the object is being deleted: its name becomes free soon. */
  readonly isDeleting?: boolean;
}

/** The backup that needs an object name. `volumeName` as in the store, `volumeLabel` in label form. */
export interface NameSeeker {
  readonly target: string;
  readonly volumeName: string;
  readonly volumeLabel: string;
  readonly storeName: string;
}

/** The object names of one backup in the order in which they are tried: the store's name, then the colliding form (design.md §2, Names). */
export function candidateNames(seeker: NameSeeker): readonly [string, string] {
  return [backupObjectName(seeker.storeName), collidingBackupName(seeker.storeName, seeker.volumeName, seeker.target)];
}

/** True when the object that holds a name mirrors the very backup that seeks it. */
function isSameBackup(holder: NameHolder, seeker: NameSeeker): boolean {
  return (
    holder.target === seeker.target && holder.volume === seeker.volumeLabel && holder.storeName === seeker.storeName
  );
}

/**
 * The first candidate that is free or already this backup's own. `holderOf` answers from a cache that may be behind: a create that meets
 * `AlreadyExists` asks again with the live holder. Undefined when both names belong to other backups.
 */
export function chooseName(seeker: NameSeeker, holderOf: (name: string) => NameHolder | undefined): string | undefined {
  return candidateNames(seeker).find((name) => {
    const holder = holderOf(name);
    return holder === undefined || isSameBackup(holder, seeker);
  });
}
