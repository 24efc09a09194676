/** One sync of one target, from its URL to the outcome; conditions and retries are decided by others. */
import { ANNOTATION_CONFIRM_EMPTY, secondTime } from '@mooring/api';
import { scanStore } from '@mooring/backupstore';
import type { ObjectStore, ResolvedStore, ScannedVolume } from '@mooring/backupstore';
import { withSpan } from '@mooring/telemetry';
import { recordScan } from '../metrics.ts';
import { mirroredNames, storeNames } from '../mirrored.ts';
import type { MirrorSource } from '../mirror-object.ts';
import { isSameUrl } from '../policies.ts';
import type { Scope } from '../scope.ts';
import type { StoreIdentity, SyncOutcome } from '../status.ts';
import { failureOf } from '../store-failure.ts';
import type { Stage } from '../store-failure.ts';
import { isBelievable, isConfirmed, judgeTrust } from '../store-trust.ts';
import type { Trust } from '../store-trust.ts';
import { clearMirror } from './clear-mirror.ts';
import { establishMarker } from './establish-marker.ts';
import { findRival } from './find-rival.ts';
import { probeTarget } from './probe-store.ts';
import type { Probe } from './probe-store.ts';
import { backingImageKind } from './sync-backing-images.ts';
import { VolumeSync } from './sync-backup-volumes.ts';
import { syncConfigMirrors } from './sync-config-mirrors.ts';
import { systemBackupKind } from './sync-system-backups.ts';

/**
 * Runs the sync. Errors of the store become outcomes; those of the API server, a lost lease and an abort are thrown. Repeatable at any point:
 * what was written stays true, the rest is done by the next sync.
 */
export async function syncTarget(scope: Scope): Promise<SyncOutcome> {
  const { parts, target } = scope;
  const url = target.spec.backupTargetURL ?? '';
  if (url === '') {
    await clearMirror(parts, target);
    return { kind: 'no-url', inputs: scope.inputs };
  }
  let stage: Stage = 'open';
  try {
    const resolved = await parts.stores.resolve(target);
    const rival = await findRival(parts, target);
    if (rival !== undefined) return duplicateOf(rival.name);
    stage = 'probe';
    const probe = await withSpan('target.probe', { 'mooring.target': target.metadata.name }, () =>
      probeTarget(resolved.store, scope.signal),
    );
    stage = 'sync';
    return await new StoreSync(scope, resolved, probe).run();
  } catch (error) {
    const failure = scope.signal.aborted ? undefined : failureOf(error, stage, url);
    if (failure === undefined) throw error;
    return failure;
  }
}

function duplicateOf(winner: string): SyncOutcome {
  const message = `backup target '${winner}' already has this store; change the URL of one of the two, or delete one`;
  return { kind: 'duplicate', message };
}

/** The part of a sync for which the store has answered. */
class StoreSync {
  readonly #scope: Scope;
  readonly #resolved: ResolvedStore;
  readonly #probe: Probe;

  constructor(scope: Scope, resolved: ResolvedStore, probe: Probe) {
    this.#scope = scope;
    this.#resolved = resolved;
    this.#probe = probe;
  }

  async run(): Promise<SyncOutcome> {
    const trust = this.#judge();
    switch (trust.kind) {
      case 'replaced':
        return this.#doubt('StoreReplaced');
      case 'trusted':
        return this.#mirror({ storeID: trust.storeID });
      case 'establish':
        return this.#mirror(await this.#establish(trust.storeID, undefined));
      case 'judge':
        return this.#listThenMirror();
    }
  }

  #judge(): Trust {
    const { target } = this.#scope;
    return judgeTrust({
      recordedStoreID: target.status?.storeID ?? '',
      markerStoreID: this.#probe.marker?.storeID,
      sameUrl: isSameUrl(target),
      mirrored: this.#mirroredNames().length,
      confirmed: isConfirmed(target.metadata.annotations?.[ANNOTATION_CONFIRM_EMPTY], target.status?.lastSyncedAt),
    });
  }

  /** No marker vouches for the store: everything is listed before anything is written, and believed only if it looks familiar. */
  async #listThenMirror(): Promise<SyncOutcome> {
    const volumes = new Map<string, ScannedVolume>();
    await this.#scan((volume) => void volumes.set(volume.name, volume));
    const listed = new Set([
      ...[...volumes.keys()].map(storeNames.volume),
      ...this.#probe.backingImages.map(({ name }) => storeNames.backingImage(name)),
      ...this.#probe.systemBackups.map(storeNames.systemBackup),
    ]);
    if (!isBelievable(this.#mirroredNames(), (name) => listed.has(name))) return this.#doubt('StoreMarkerMissing');
    const identity = await this.#establish(this.#probe.marker?.storeID, this.#scope.target.status?.storeID);
    return this.#mirror(identity, [...volumes.values()]);
  }

  /** The store's identity goes into the status before the first object that carries it. */
  async #establish(storeID: string | undefined, lostStoreID: string | undefined): Promise<StoreIdentity> {
    const { signal, parts, record } = this.#scope;
    const { store } = this.#resolved;
    const identity =
      storeID === undefined ? await establishMarker({ store, clock: parts.clock, signal, lostStoreID }) : { storeID };
    await record({ kind: 'established', identity });
    return identity;
  }

  /** Brings all objects up to date; a failure in one kind hides no other. */
  async #mirror(identity: StoreIdentity, listed?: readonly ScannedVolume[]): Promise<SyncOutcome> {
    const { signal, inputs, startedAtMs, target } = this.#scope;
    const requestedAt = target.spec.syncRequestedAt ?? null;
    const source = this.#source(identity);
    const results = await Promise.allSettled([this.#mirrorVolumes(source, listed), this.#mirrorConfigs(source)]);
    signal.throwIfAborted();
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    const blocked = results.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value : 0), 0);
    if (blocked > 0) {
      const message = 'some objects of this target are still being deleted; they are created again when they are gone';
      return { kind: 'incomplete', reason: 'Terminating', message };
    }
    return { kind: 'synced', identity, inputs, requestedAt, syncedAt: secondTime(startedAtMs) };
  }

  async #mirrorVolumes(source: MirrorSource, listed: readonly ScannedVolume[] | undefined): Promise<number> {
    const { parts, signal } = this.#scope;
    const sync = new VolumeSync(parts, { source, store: this.#resolved.store, signal });
    try {
      if (listed === undefined) await this.#scan((volume) => sync.apply(volume));
      else for (const volume of listed) await sync.apply(volume);
      await sync.finish();
    } catch (error) {
      await sync.abandon();
      throw error;
    }
    const { blocked, ...written } = sync.counts;
    parts.log.debug({ target: source.target.metadata.name, blocked, ...written }, 'backup volumes are mirrored');
    return blocked;
  }

  async #mirrorConfigs(source: MirrorSource): Promise<number> {
    const { parts, signal, target } = this.#scope;
    const nowMs = parts.clock.now();
    const pass = { parts, source, store: this.#resolved.store, signal, now: secondTime(nowMs) };
    const base = { client: parts.client, source, nowMs, signal };
    const { name } = target.metadata;
    const { backingImages, systemBackups } = parts.caches;
    const images = { ...base, listed: this.#probe.backingImages, existing: backingImages.byIndex('target', name) };
    const backups = { ...base, listed: this.#probe.systemBackups, existing: systemBackups.byIndex('target', name) };
    const results = await Promise.allSettled([
      syncConfigMirrors(backingImageKind(pass), images),
      syncConfigMirrors(systemBackupKind(pass), backups),
    ]);
    let blocked = 0;
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason;
      blocked += result.value;
    }
    return blocked;
  }

  async #scan(onVolume: (volume: ScannedVolume) => void | Promise<void>): Promise<void> {
    const { parts, signal, target } = this.#scope;
    const { name } = target.metadata;
    const store: ObjectStore = this.#resolved.store;
    const startedAt = parts.clock.monotonic();
    const summary = await withSpan('target.scan', { 'mooring.target': name }, () =>
      scanStore(store, { signal, now: () => parts.clock.now(), onVolume }),
    );
    const seconds = (parts.clock.monotonic() - startedAt) / 1000;
    recordScan(summary, seconds);
    parts.log.debug({ target: name, seconds, ...summary, issues: undefined }, 'the store is scanned');
    for (const { code, key, message } of summary.issues.slice(0, 10)) {
      parts.log.info({ target: name, code, key }, `the store holds something that is left alone: ${message}`);
    }
  }

  #source(identity: StoreIdentity): MirrorSource {
    const { target, traceparent } = this.#scope;
    const store = this.#resolved.storeHashOf(identity.storeID === '' ? undefined : identity.storeID);
    return { target, traceparent, stamp: { targetUid: target.metadata.uid ?? '', store } };
  }

  #mirroredNames(): string[] {
    const { parts, target } = this.#scope;
    const { name, uid = '' } = target.metadata;
    const ids = [undefined, target.status?.storeID, this.#probe.marker?.storeID];
    const hashes = new Set(ids.filter((id) => id !== '').map((id) => this.#resolved.storeHashOf(id)));
    const objects = {
      volumes: parts.caches.volumes.byIndex('target', name),
      backingImages: parts.caches.backingImages.byIndex('target', name),
      systemBackups: parts.caches.systemBackups.byIndex('target', name),
    };
    return mirroredNames(objects, { targetUid: uid, isThisStore: (hash) => hashes.has(hash) });
  }

  #doubt(reason: 'StoreMarkerMissing' | 'StoreReplaced'): SyncOutcome {
    return { kind: 'doubted', reason, message: doubts[reason] };
  }
}

const CURE = 'or, if this is right, set annotation mooring.io/confirm-empty to the value of status.lastSyncedAt';

const doubts = {
  StoreMarkerMissing: `the store holds nothing of what it held before and no marker backupstore/mooring.json; nothing was deleted; repair the store, ${CURE}`,
  StoreReplaced: `the marker backupstore/mooring.json is that of another store; nothing was changed; put the former store back under this URL, ${CURE}`,
} as const;
