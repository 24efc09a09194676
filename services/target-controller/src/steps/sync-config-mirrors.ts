/**
 * Makes the objects of one kind what a listing of the store says, where each object mirrors one small config file:
 * BackupBackingImages and SystemBackups. A config is read only when its version changed, its object is new or asks for it.
 */
import {
  ANNOTATION_CONFIG_ETAG,
  ANNOTATION_STORE,
  ANNOTATION_TARGET_UID,
  configStamp,
  isAskedToSync,
  secondTime,
} from '@mooring/api';
import type { ConfigInfo, KubeObject, ResourceType } from '@mooring/api';
import { patchStatus } from '@mooring/runtime';
import type { KubeClient } from '@mooring/runtime';
import { asMirrorFailure } from '../mirror-failure.ts';
import { adoptionMeta } from '../mirror-object.ts';
import type { MirrorSource } from '../mirror-object.ts';
import { TaskPool } from '../task-pool.ts';
import { isForeign } from '../volume-diff.ts';
import { deleteMirror } from './delete-mirror.ts';

/** Reads and writes in flight at once. The store's own limit is below it or above it as the store allows. */
const PARALLEL = 16;

/** The members of a status that this step looks at. */
export interface MirrorStatus {
  readonly state?: string;
  readonly lastSyncedAt?: string | null;
  readonly observedSyncRequestedAt?: string | null;
}

/** An object of the kind. */
export type MirrorObject = KubeObject<
  { readonly syncRequestedAt?: string | null; readonly volumeBackupPolicy?: string; readonly backingImage?: string },
  MirrorStatus
>;

/** What differs between the kinds. */
export interface MirrorKind<L extends ConfigInfo, T extends MirrorObject> {
  readonly type: ResourceType;
  /** For errors: `backing images`. */
  readonly noun: string;
  /** Identity of a listed config, and of an object; undefined for an object that mirrors nothing (and is left alone). */
  readonly keyOf: (listed: L) => string;
  readonly keyOfObject: (object: T) => string | undefined;
  /** The new object for a listed config. */
  readonly build: (listed: L, version: string) => T;
  /** Creates it; undefined when another object that is being deleted has its name. */
  readonly create: (object: T, listed: L) => Promise<T | undefined>;
  /** Reads the config: all of the status but `lastSyncedAt` and `observedSyncRequestedAt`; undefined when it is gone by now. Throws the store's error. */
  readonly describe: (listed: L, object: T) => Promise<NonNullable<T['status']> | undefined>;
}

/** What a sync of one kind works on. */
export interface MirrorSyncOptions<L extends ConfigInfo, T extends MirrorObject> {
  readonly client: KubeClient;
  readonly source: MirrorSource;
  readonly listed: readonly L[];
  readonly existing: readonly T[];
  /** Milliseconds since 1970: `status.lastSyncedAt` of what is read, and the age of what is listed. */
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** Does it; resolves with the number of objects that must be created again when they are gone. Throws MirrorFailure or the store's error. */
export async function syncConfigMirrors<L extends ConfigInfo, T extends MirrorObject>(
  kind: MirrorKind<L, T>,
  options: MirrorSyncOptions<L, T>,
): Promise<number> {
  const sync = new ConfigMirrorSync(kind, options);
  return sync.run();
}

class ConfigMirrorSync<L extends ConfigInfo, T extends MirrorObject> {
  readonly #kind: MirrorKind<L, T>;
  readonly #options: MirrorSyncOptions<L, T>;
  #blocked = 0;

  constructor(kind: MirrorKind<L, T>, options: MirrorSyncOptions<L, T>) {
    this.#kind = kind;
    this.#options = options;
  }

  async run(): Promise<number> {
    const { listed, signal } = this.#options;
    const existing = this.#indexExisting();
    const pool = new TaskPool(PARALLEL);
    for (const config of listed) {
      if (signal.aborted) break;
      const key = this.#kind.keyOf(config);
      const object = existing.get(key);
      existing.delete(key);
      await pool.add(() => this.#bringUpToDate(config, object));
    }
    if (!signal.aborted) for (const absent of existing.values()) await pool.add(() => this.#remove(absent));
    const errors = await pool.drain();
    signal.throwIfAborted();
    if (errors.length > 0) throw asMirrorFailure('mirror', this.#kind.noun, errors);
    return this.#blocked;
  }

  #indexExisting(): Map<string, T> {
    const objects = new Map<string, T>();
    for (const object of this.#options.existing) {
      const key = this.#kind.keyOfObject(object);
      const known = key === undefined ? undefined : objects.get(key);
      if (key !== undefined && (known === undefined || known.metadata.deletionTimestamp)) objects.set(key, object);
    }
    return objects;
  }

  async #bringUpToDate(listed: L, existing: T | undefined): Promise<void> {
    const { targetUid } = this.#options.source.stamp;
    if (existing?.metadata.deletionTimestamp) {
      this.#blocked++;
      return;
    }
    if (existing !== undefined && isForeign(existing.metadata, targetUid)) {
      await deleteMirror(this.#options.client, this.#kind.type, existing);
      this.#blocked++;
      return;
    }
    if (existing === undefined) await this.#create(listed);
    else if (!this.#isStamped(existing)) await this.#write(listed, await this.#adopt(listed, existing));
    else if (this.#isOutdated(listed, existing)) await this.#write(listed, existing);
  }

  async #create(listed: L): Promise<void> {
    const object = this.#kind.build(listed, this.#stampOf(listed));
    const created = await this.#kind.create(object, listed);
    if (created === undefined) this.#blocked++;
    else await this.#write(listed, created);
  }

  #isStamped({ metadata: { annotations } }: T): boolean {
    const { stamp } = this.#options.source;
    return annotations?.[ANNOTATION_TARGET_UID] === stamp.targetUid && annotations[ANNOTATION_STORE] === stamp.store;
  }

  #isOutdated(listed: L, existing: T): boolean {
    if (existing.metadata.annotations?.[ANNOTATION_CONFIG_ETAG] !== this.#stampOf(listed)) return true;
    return existing.status?.state === 'InProgress' || isAskedToSync(existing);
  }

  async #adopt(listed: L, existing: T): Promise<T> {
    const { client, source } = this.#options;
    const { annotations: wanted = {}, ...rest } = this.#kind.build(listed, '').metadata;
    const { [ANNOTATION_CONFIG_ETAG]: _unread, ...annotations } = wanted;
    const metadata = adoptionMeta(source, existing.metadata, { ...rest, annotations });
    const { name, namespace } = existing.metadata;
    return client.patch<T>(this.#kind.type, { namespace, name }, { metadata }, { kind: 'merge' });
  }

  /** Status first, then the version it was read from: a crash in between costs one more read. */
  async #write(listed: L, object: T): Promise<void> {
    const described = await this.#kind.describe(listed, object);
    if (described === undefined) return;
    const observedSyncRequestedAt = object.spec.syncRequestedAt ?? null;
    const unchanged = { ...described, lastSyncedAt: object.status?.lastSyncedAt ?? null, observedSyncRequestedAt };
    const isSame = object.status?.lastSyncedAt && isCovered(unchanged, object.status);
    if (!isSame) {
      const after = {
        ...object,
        status: { ...object.status, ...unchanged, lastSyncedAt: secondTime(this.#options.nowMs) },
      };
      await patchStatus(this.#options.client, this.#kind.type, object, after);
    }
    await this.#recordVersion(listed, object);
  }

  async #recordVersion(listed: L, object: T): Promise<void> {
    const version = this.#stampOf(listed);
    if (object.metadata.annotations?.[ANNOTATION_CONFIG_ETAG] === version) return;
    const { name, namespace, uid } = object.metadata;
    const metadata = { uid, annotations: { [ANNOTATION_CONFIG_ETAG]: version } };
    await this.#options.client.patch(this.#kind.type, { namespace, name }, { metadata }, { kind: 'merge' });
  }

  #stampOf(listed: L): string {
    return configStamp(listed, this.#options.nowMs);
  }

  async #remove(object: T): Promise<void> {
    if (!object.metadata.deletionTimestamp) await deleteMirror(this.#options.client, this.#kind.type, object);
  }
}

/** Whether every member of `wanted` stands in `present`; null and absent are the same. */
function isCovered(wanted: object, present: object): boolean {
  return Object.entries(wanted).every(([key, value]) => {
    const other = (present as Record<string, unknown>)[key];
    return canonical(value) === canonical(other);
  });
}

function canonical(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${key}:${canonical(member)}`).join(',')}}`;
}
