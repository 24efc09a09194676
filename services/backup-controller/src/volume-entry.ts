import type { BackupVolume } from '@mooring/api';
import { ANNOTATION_STORE_NAME, conditionTypes, findCondition, LABEL_BACKUP_TARGET, labelValue } from '@mooring/api';

/** What this process remembers of one BackupVolume. */
export interface VolumeEntry {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  /** Name of the BackupTarget. */
  readonly target: string;
  /** The volume's name in the store. */
  readonly volumeName: string;
  readonly isDeleting: boolean;
  /**
   * True when its status speaks of its newest spec, whatever it says: the fields below are then as good as they get. While volume-controller syncs
   * the volume it is false, or a Backup that comes with a larger volume would be given the old size.
   */
  readonly hasVerdict: boolean;
  /** `status.size`, decimal bytes; empty while unknown. */
  readonly size: string;
  /** `status.createdAt`; empty while unknown. */
  readonly createdAt: string;
  readonly backingImageName: string;
}

/** Reduces a BackupVolume as the API server sends it. Never throws: what is missing becomes the empty string. */
export function toVolumeEntry(volume: BackupVolume): VolumeEntry {
  const { metadata, spec, status = {} } = volume;
  return {
    metadata: {
      name: metadata.name,
      namespace: firstOf(metadata.namespace),
      uid: firstOf(metadata.uid),
      resourceVersion: firstOf(metadata.resourceVersion),
    },
    target: firstOf(spec.backupTargetName, metadata.labels?.[LABEL_BACKUP_TARGET]),
    volumeName: firstOf(metadata.annotations?.[ANNOTATION_STORE_NAME], spec.volumeName),
    isDeleting: Boolean(metadata.deletionTimestamp),
    hasVerdict: hasVerdict(volume),
    size: firstOf(status.size),
    createdAt: firstOf(status.createdAt),
    backingImageName: firstOf(status.backingImageName),
  };
}

function firstOf(...texts: readonly (string | null | undefined)[]): string {
  return texts.find(Boolean) ?? '';
}

function hasVerdict({ metadata, status }: BackupVolume): boolean {
  const ready = findCondition(status?.conditions, conditionTypes.Ready);
  if (ready === undefined) return false;
  // One Backup that the API server refuses keeps the volume's sync from ending; it must not keep the others from being read.
  return status?.observedGeneration === metadata.generation || ready.reason === 'ReconcileFailed';
}

/** Key under which the volume of a Backup is found, and the Backups of a volume: target name and volume name in label form. */
export function volumeKey(target: string, volumeLabel: string): string {
  return `${target}/${volumeLabel}`;
}

/** `volumeKey` of a volume. */
export function volumeKeyOf(volume: VolumeEntry): string {
  return volumeKey(volume.target, labelValue(volume.volumeName));
}
