/** What the passes of this service work with, made once in controller.ts. */
import type { BackupBackingImage, BackupTarget, BackupVolume, SystemBackup } from '@mooring/api';
import type { TargetStores } from '@mooring/backupstore';
import type { Clock, EventRecorder, Informer, KubeClient, Log, SecretVersion } from '@mooring/runtime';

/** A Backup as far as it is cached: what counting them needs, about 200 bytes each. */
export interface BackupEntry {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  /** {@link backupsKey} of a Backup that mirrors the store; undefined for one that is being taken or deleted. */
  readonly countedIn: string | undefined;
}

/** A ConfigMap's data. */
export interface ConfigMap {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>> | null;
}

/** The informers of this service. Index `target` finds the objects of one target by its name. */
export interface Caches {
  readonly targets: Informer<BackupTarget>;
  readonly volumes: Informer<BackupVolume>;
  /** Index `volume`: {@link backupsKey}. */
  readonly backups: Informer<BackupEntry>;
  readonly backingImages: Informer<BackupBackingImage>;
  readonly systemBackups: Informer<SystemBackup>;
  readonly secrets: Informer<SecretVersion>;
  /** Only `longhorn-default-resource`. */
  readonly configMaps: Informer<ConfigMap>;
}

/** Everything a pass may use. */
export interface Parts {
  /** Writes throw LeaseLost when this process is not the leader. */
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly stores: TargetStores;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  /** The object namespace. */
  readonly namespace: string;
  /** 0 ≤ value < 1; Math.random but for tests. */
  readonly random: () => number;
}
