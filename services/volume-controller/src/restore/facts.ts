import {
  type BackupTarget,
  type BackupVolume,
  isMoverActive,
  labelValue,
  type MoverRun,
  type RestoreSource,
  restoreSource,
  sameStore,
  settingOf,
  type Volume,
} from '@mooring/api';
import { BY_VOLUME, targetNameOf } from '../caches.ts';
import { volumeKeyOf } from '../backup-entry.ts';
import type { RestoreFacts } from './decide-attempt.ts';
import { isStandby } from './decide-attempt.ts';
import type { RestoreParts } from './parts.ts';

/** What was read just now, where a cache is not good enough. */
export interface Fresh {
  readonly backupVolume?: BackupVolume | undefined;
  readonly candidates?: readonly string[] | undefined;
}

/** Everything that a restore is decided on, from the caches but for what is given. */
export function gatherFacts(parts: RestoreParts, volume: Volume, fresh: Fresh = {}): RestoreFacts {
  const { caches, runs, clock } = parts;
  const source = restoreSource(volume.spec.fromBackup ?? '');
  const target = source === undefined ? undefined : targetOf(parts, volume, source);
  const pair = source === undefined || target === undefined ? undefined : { source, target };
  return {
    volume,
    source,
    target,
    backupVolume:
      'backupVolume' in fresh
        ? fresh.backupVolume
        : pair && storeVolumeOf(parts, pair.target.metadata.name, pair.source.volume),
    backups:
      pair === undefined
        ? []
        : caches.backups.byIndex(BY_VOLUME, volumeKeyOf(pair.target.metadata.name, pair.source.volume)),
    runs: runs.ofObject(volume.metadata.uid ?? ''),
    rival: pair && findRival(parts, volume, pair),
    running: runs.list().filter((run) => isCounted(parts, run, volume)).length,
    limit: Number(
      settingOf(caches.settings, volume.metadata.namespace, 'concurrent-volume-backup-restore-per-node-limit'),
    ),
    candidates: fresh.candidates,
    nowMs: clock.now(),
  };
}

/** The BackupVolume of a volume in a target, as the cache knows it. */
export function storeVolumeOf({ caches }: RestoreParts, target: string, volume: string): BackupVolume | undefined {
  const found = caches.volumes
    .byIndex(BY_VOLUME, volumeKeyOf(target, volume))
    .filter((object) => targetNameOf(object) === target && object.spec.volumeName === volume);
  return found.find(({ metadata }) => !metadata.deletionTimestamp) ?? found[0];
}

/** The target whose store the URL names: of several the one that the Volume names too. */
function targetOf({ caches }: RestoreParts, { spec }: Volume, { destUrl }: RestoreSource): BackupTarget | undefined {
  const same = caches.targets
    .list()
    .filter((target) => sameStore({ url: target.spec.backupTargetURL ?? '' }, { url: destUrl }));
  const named = same.find(({ metadata }) => metadata.name === spec.backupTargetName);
  return named ?? same.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))[0];
}

/**
 * Another operation on the same target and volume: a mover, or a deletion. Of two that begin in one instant the store's lock makes one wait; this
 * only keeps that from being the rule.
 */
function findRival(
  { caches, runs }: RestoreParts,
  { metadata }: Volume,
  { source, target }: { readonly source: RestoreSource; readonly target: BackupTarget },
): string | undefined {
  const { name } = target.metadata;
  const others = runs.activeOn(labelValue(name), labelValue(source.volume));
  const run = others.find(({ objectUid }) => objectUid !== metadata.uid);
  if (run !== undefined) return describeRun(run);
  const deleted = caches.backups
    .byIndex(BY_VOLUME, volumeKeyOf(name, source.volume))
    .find((entry) => entry.isDeleting && entry.state === 'Deleting');
  return deleted === undefined ? undefined : `deletion of backup '${deleted.storeName}'`;
}

/** `restore of volume 'v'`, `backup 'b'`. */
export function describeRun({ task, objectName }: MoverRun): string {
  return task === 'restore' ? `restore of volume '${objectName}'` : `${task} '${objectName}'`;
}

/** Whether a restore counts against the limit of the node of `volume`: those of volumes that follow do not. */
function isCounted({ caches }: RestoreParts, run: MoverRun, { metadata, spec }: Volume): boolean {
  if (run.task !== 'restore' || !isMoverActive(run)) return false;
  if (run.objectUid === metadata.uid || run.node !== (spec.nodeID ?? '')) return false;
  const other = caches.userVolumes.list().find((candidate) => candidate.metadata.uid === run.objectUid);
  return other === undefined || !isStandby(other);
}
