/** Makes the SystemBackup objects of a target what its store holds; unlike Longhorn's, every target has them. */
import { collidingBackupName, conditionTypes, resources, withCondition } from '@mooring/api';
import type { Condition, ConditionInput, SystemBackup, SystemBackupStatus } from '@mooring/api';
import { isStoreError, readSystemBackupConfig } from '@mooring/backupstore';
import type { ListedSystemBackup, SystemBackupConfig } from '@mooring/backupstore';
import { isAlreadyExists } from '@mooring/runtime';
import { buildSystemBackup } from '../mirror-object.ts';
import type { Parts } from '../parts.ts';
import {
  chooseSystemBackupName,
  identityKey,
  identityOf,
  isMirror,
  targetOfSystemBackup,
} from '../system-backup-diff.ts';
import type { MirrorPass } from './sync-backing-images.ts';
import type { MirrorKind } from './sync-config-mirrors.ts';

/** SystemBackups for `syncConfigMirrors`. */
export function systemBackupKind(pass: MirrorPass): MirrorKind<ListedSystemBackup, SystemBackup> {
  const { parts, source, store, signal } = pass;
  const target = source.target.metadata.name;
  const isHeld = (name: string): boolean => parts.caches.systemBackups.get(parts.namespace, name) !== undefined;
  return {
    type: resources.systemBackups,
    noun: 'system backups',
    keyOf: identityKey,
    // One that a user asked for and that is not in the store yet is none of ours.
    keyOfObject: (object) => (isMirror(object) ? identityOf(object) : undefined),
    build: (listed, version) => {
      const name = chooseSystemBackupName(listed, target, isHeld);
      return buildSystemBackup(source, listed, { name, version });
    },
    create: (object, listed) => createUnderFreeName(parts, object, { target, listed }),
    describe: async (listed, object) => {
      const around = { pass, object };
      try {
        const { config } = await readSystemBackupConfig(store, listed, { signal });
        return describeSystemBackup(listed.version, config, around);
      } catch (error) {
        if (isStoreError(error, 'NotFound')) return undefined;
        if (!isStoreError(error, 'Corrupt')) throw error;
        const condition = { status: 'False', reason: 'Corrupt', message: error.message } as const;
        return { version: listed.version, state: 'Error', conditions: ready(around, condition) };
      }
    },
  };
}

interface Wanted {
  readonly target: string;
  readonly listed: ListedSystemBackup;
}

/** Creates the object under its name, or under the name with a hash when the first belongs to something else. */
async function createUnderFreeName(
  parts: Parts,
  object: SystemBackup,
  wanted: Wanted,
): Promise<SystemBackup | undefined> {
  const { name, version } = wanted.listed;
  const other = collidingBackupName(name, version, wanted.target);
  const names = object.metadata.name === other ? [other] : [object.metadata.name, other];
  for (const candidate of names) {
    const made = await createOrFind(parts, { ...object, metadata: { ...object.metadata, name: candidate } });
    const isOurs = targetOfSystemBackup(made) === wanted.target && identityOf(made) === identityKey(wanted.listed);
    if (isOurs) return made.metadata.deletionTimestamp ? undefined : made;
  }
  return undefined;
}

async function createOrFind(parts: Parts, object: SystemBackup): Promise<SystemBackup> {
  try {
    return await parts.client.create<SystemBackup>(resources.systemBackups, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const { namespace, name } = object.metadata;
    return parts.client.get<SystemBackup>(resources.systemBackups, { namespace, name });
  }
}

interface Around {
  readonly pass: MirrorPass;
  readonly object: SystemBackup;
}

function describeSystemBackup(version: string, config: SystemBackupConfig, around: Around): SystemBackupStatus {
  return {
    version: config.longhornVersion || version,
    gitCommit: config.longhornGitCommit,
    managerImage: config.managerImage,
    state: 'Ready',
    createdAt: Number.isNaN(Date.parse(config.createdAt)) ? null : config.createdAt,
    observedGeneration: around.object.metadata.generation ?? 0,
    conditions: ready(around, { status: 'True', reason: 'Synced', message: '' }),
  };
}

function ready({ pass, object }: Around, condition: Omit<ConditionInput, 'type'>): Condition[] {
  return withCondition(object.status?.conditions, { type: conditionTypes.Ready, ...condition }, pass.now);
}
