/** Makes the BackupVolume objects of a target what the scan of its store says. */
import {
  ANNOTATION_FINGERPRINT,
  ANNOTATION_FIRST_LISTING,
  ANNOTATION_TRACEPARENT,
  backupVolumeName,
  encodeFirstListing,
  microTime,
  resources,
} from '@mooring/api';
import type { BackupVolume } from '@mooring/api';
import { scanVolume } from '@mooring/backupstore';
import type { ObjectStore, ScannedVolume } from '@mooring/backupstore';
import { isAlreadyExists, isNotFound } from '@mooring/runtime';
import { backupsKey } from '../caches.ts';
import { asMirrorFailure } from '../mirror-failure.ts';
import { adoptionMeta, buildBackupVolume } from '../mirror-object.ts';
import type { MirrorSource } from '../mirror-object.ts';
import type { Parts } from '../parts.ts';
import { TaskPool } from '../task-pool.ts';
import { decideVolume, indexVolumes } from '../volume-diff.ts';
import type { VolumeIndex } from '../volume-diff.ts';
import { deleteMirror } from './delete-mirror.ts';

/** Writes in flight at once: 1,000 creations take about a second, and an API server's share for one client is not used up. */
const PARALLEL_WRITES = 32;

/** What was done. `blocked` objects are being deleted and must be created again when they are gone. */
export interface VolumeCounts {
  created: number;
  updated: number;
  deleted: number;
  blocked: number;
}

/** What a sync of volumes works on. */
export interface VolumeSyncOptions {
  readonly source: MirrorSource;
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
}

/**
 * One sync of a target's volumes: `apply` each as the scan finds it, then `finish`. Volumes are worked on in parallel, and one that
 * fails hides no other. Every step may be done again: after a crash the next sync sees what is there.
 */
export class VolumeSync {
  readonly counts: VolumeCounts = { created: 0, updated: 0, deleted: 0, blocked: 0 };
  readonly #parts: Parts;
  readonly #options: VolumeSyncOptions;
  readonly #index: VolumeIndex;
  readonly #byVolume: Map<string, BackupVolume>;
  readonly #seen = new Set<string>();
  readonly #pool = new TaskPool(PARALLEL_WRITES);

  constructor(parts: Parts, options: VolumeSyncOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#index = indexVolumes(this.#target, parts.caches.volumes.byIndex('target', this.#target));
    this.#byVolume = new Map(this.#index.byVolume);
  }

  get #target(): string {
    return this.#options.source.target.metadata.name;
  }

  /** Begins to bring one volume's object up to date; resolves when there is room for the next. */
  async apply(volume: ScannedVolume): Promise<void> {
    this.#options.signal.throwIfAborted();
    this.#seen.add(volume.name);
    await this.#pool.add(() => this.#applyTo(volume, this.#byVolume.get(volume.name)));
  }

  /**
   * Deletes the objects of volumes that were not seen, each after a LIST of its own folder, and surplus objects. Resolves when everything is
   * written. Throws MirrorFailure, or the store's error.
   */
  async finish(): Promise<void> {
    for (const object of this.#index.surplus) await this.#pool.add(() => this.#delete(object));
    for (const [volume, object] of this.#index.byVolume) {
      if (!this.#seen.has(volume)) await this.#pool.add(() => this.#removeAbsent(volume, object));
    }
    const errors = await this.#pool.drain();
    this.#options.signal.throwIfAborted();
    if (errors.length > 0) throw asMirrorFailure('mirror', 'backup volumes', errors);
  }

  /** Waits for what has begun, whatever becomes of it: for a scan that failed. Never rejects. */
  async abandon(): Promise<void> {
    await this.#pool.drain();
  }

  async #applyTo(volume: ScannedVolume, existing: BackupVolume | undefined): Promise<void> {
    const { source } = this.#options;
    const change = decideVolume({
      existing,
      fingerprint: volume.fingerprint,
      backupsListed: volume.backups.length,
      backupsMirrored: this.#parts.caches.backups.countByIndex('volume', backupsKey(this.#target, volume.name)),
      stamp: source.stamp,
    });
    if (change === 'create') await this.#create(volume);
    else if (change === 'blocked') this.counts.blocked++;
    else if (existing === undefined || change === 'none') return;
    else if (change === 'replace') await this.#replace(existing);
    else await this.#update(volume, existing, change);
  }

  async #create(volume: ScannedVolume): Promise<void> {
    const { client, namespace } = this.#parts;
    const object = this.#objectOf(volume);
    try {
      this.#byVolume.set(volume.name, await client.create<BackupVolume>(resources.backupVolumes, object));
      this.counts.created++;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      // Made a moment ago, by an earlier pass of ours or someone else, and not in the cache yet.
      const name = backupVolumeName(volume.name, this.#target);
      const found = await client.get<BackupVolume>(resources.backupVolumes, { namespace, name });
      if (found.spec.volumeName !== volume.name || found.spec.backupTargetName !== this.#target) throw error;
      await this.#applyTo(volume, found);
    }
  }

  #objectOf(volume: ScannedVolume): BackupVolume {
    const object = buildBackupVolume(this.#options.source, volume.name, volume.fingerprint);
    const listing = encodeFirstListing(volume, this.#parts.clock.now());
    if (listing === undefined) return object;
    const annotations = { ...object.metadata.annotations, [ANNOTATION_FIRST_LISTING]: listing };
    return { ...object, metadata: { ...object.metadata, annotations } };
  }

  /** Fingerprint, stamp and request in one write, so that neither is ever there without the other. */
  async #update(volume: ScannedVolume, existing: BackupVolume, change: 'update' | 'adopt'): Promise<void> {
    const { source } = this.#options;
    const syncRequestedAt = microTime(this.#parts.clock.now(), existing.spec.syncRequestedAt ?? null);
    const wanted = buildBackupVolume(source, volume.name, volume.fingerprint).metadata;
    const trace = source.traceparent === undefined ? {} : { [ANNOTATION_TRACEPARENT]: source.traceparent };
    const metadata =
      change === 'adopt'
        ? adoptionMeta(source, existing.metadata, wanted)
        : {
            uid: existing.metadata.uid,
            // What was listed first holds no longer.
            annotations: {
              ...trace,
              [ANNOTATION_FINGERPRINT]: volume.fingerprint,
              [ANNOTATION_FIRST_LISTING]: null,
            },
          };
    const { name, namespace } = existing.metadata;
    const body = { metadata, spec: { syncRequestedAt } };
    try {
      await this.#parts.client.patch(resources.backupVolumes, { namespace, name }, body, { kind: 'merge' });
      this.counts.updated++;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.#create(volume);
    }
  }

  async #replace(existing: BackupVolume): Promise<void> {
    await deleteMirror(this.#parts.client, resources.backupVolumes, existing);
    this.counts.blocked++;
  }

  async #removeAbsent(volume: string, object: BackupVolume): Promise<void> {
    if (object.metadata.deletionTimestamp) return;
    const { store, signal } = this.#options;
    const found = await scanVolume(store, volume, { signal });
    if (found === undefined) await this.#delete(object);
    else await this.#applyTo(found, object);
  }

  async #delete(object: BackupVolume): Promise<void> {
    if (object.metadata.deletionTimestamp) return;
    await deleteMirror(this.#parts.client, resources.backupVolumes, object);
    this.counts.deleted++;
  }
}
