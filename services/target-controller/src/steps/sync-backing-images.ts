/** Makes the BackupBackingImage objects of a target what its store holds. */
import { backingImageName, conditionTypes, encodeBackingImageUrl, resources, withCondition } from '@mooring/api';
import type { BackupBackingImage, BackupBackingImageStatus, Condition, ConditionInput } from '@mooring/api';
import { isStoreError, readBackingImageConfig } from '@mooring/backupstore';
import type { BackingImageConfig, ListedBackingImage, ObjectStore } from '@mooring/backupstore';
import { isAlreadyExists } from '@mooring/runtime';
import { buildBackingImage } from '../mirror-object.ts';
import type { MirrorSource } from '../mirror-object.ts';
import type { Parts } from '../parts.ts';
import type { MirrorKind } from './sync-config-mirrors.ts';

/** What a kind needs of the pass. */
export interface MirrorPass {
  readonly parts: Parts;
  readonly source: MirrorSource;
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  /** RFC 3339 seconds. */
  readonly now: string;
}

/** BackupBackingImages for `syncConfigMirrors`. */
export function backingImageKind(pass: MirrorPass): MirrorKind<ListedBackingImage, BackupBackingImage> {
  const { parts, source, store, signal } = pass;
  return {
    type: resources.backupBackingImages,
    noun: 'backing images',
    keyOf: ({ name }) => name,
    // One that a user asked for is not in the store before it is complete.
    keyOfObject: ({ spec, status }) =>
      spec.userCreated && status?.state !== 'Completed' ? undefined : spec.backingImage,
    build: ({ name }, version) => buildBackingImage(source, name, version),
    create: (object) => createOrFind(parts, object),
    describe: async ({ name }, object) => {
      try {
        const { config } = await readBackingImageConfig(store, name, { signal });
        return describeBackingImage(name, config, { pass, object });
      } catch (error) {
        if (isStoreError(error, 'NotFound')) return undefined;
        if (!isStoreError(error, 'Corrupt')) throw error;
        return describeCorrupt(name, error.message, { pass, object });
      }
    },
  };
}

/** The object, or the one that already has its name: deterministic, so it is the same backing image. */
async function createOrFind(parts: Parts, object: BackupBackingImage): Promise<BackupBackingImage | undefined> {
  try {
    return await parts.client.create<BackupBackingImage>(resources.backupBackingImages, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const name = backingImageName(object.spec.backingImage, object.spec.backupTargetName ?? '');
    const found = await parts.client.get<BackupBackingImage>(resources.backupBackingImages, {
      namespace: parts.namespace,
      name,
    });
    return found.metadata.deletionTimestamp ? undefined : found;
  }
}

interface Around {
  readonly pass: MirrorPass;
  readonly object: BackupBackingImage;
}

/** Longhorn's fields from the config; without `CompleteTime` someone is still writing it. */
function describeBackingImage(name: string, config: BackingImageConfig, around: Around): BackupBackingImageStatus {
  const isComplete = config.completeTime !== '';
  return {
    ...identity(name, around),
    checksum: config.checksum,
    size: Number(config.size),
    labels: config.labels ?? {},
    state: isComplete ? 'Completed' : 'InProgress',
    progress: isComplete ? 100 : 0,
    error: '',
    messages: {},
    backupCreatedAt: config.completeTime,
    compressionMethod: config.compressionMethod,
    secret: config.secret,
    secretNamespace: config.secretNamespace,
    conditions: isComplete
      ? ready(around, { status: 'True', reason: 'Completed', message: '' })
      : ready(around, { status: 'False', reason: 'InProgress', message: 'the backing image is still being written' }),
  };
}

function describeCorrupt(name: string, message: string, around: Around): BackupBackingImageStatus {
  return {
    ...identity(name, around),
    state: 'Error',
    error: message,
    messages: { error: message },
    conditions: ready(around, { status: 'False', reason: 'Corrupt', message }),
  };
}

function identity(name: string, { pass, object }: Around): BackupBackingImageStatus {
  const targetUrl = pass.source.target.spec.backupTargetURL ?? '';
  return {
    backingImage: name,
    url: encodeBackingImageUrl({ backingImage: name, targetUrl }),
    managerAddress: '',
    observedGeneration: object.metadata.generation ?? 0,
  };
}

function ready({ pass, object }: Around, condition: Omit<ConditionInput, 'type'>): Condition[] {
  return withCondition(object.status?.conditions, { type: conditionTypes.Ready, ...condition }, pass.now);
}
