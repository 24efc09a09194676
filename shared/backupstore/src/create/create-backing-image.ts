import type { SnapshotReader } from '@mooring/datapath';
import { isStoreName } from '@mooring/api';
import { isStoreError, StoreError } from '../errors.ts';
import { encodeBackingImageConfig, type BackingImageConfig } from '../format/backing-image-config.ts';
import { DEFAULT_BLOCK_BYTES } from '../format/block-size.ts';
import { parseCompressionMethod, type CompressionMethod } from '../format/compression.ts';
import { BACKING_IMAGE_BLOCKS_PREFIX, backingImageBlockKey, backingImageConfigKey } from '../layout.ts';
import { linkSignals } from '../linked-signal.ts';
import { lockTypes, type HeldLock } from '../locks/types.ts';
import { withLock } from '../locks/with-lock.ts';
import { readBackingImageConfig, type ReadConfig } from '../read-config.ts';
import { settleAll } from '../settle-all.ts';
import { BlockPlan, planBlocks, type PlannedRead } from './block-plan.ts';
import { BlockTable } from './block-table.ts';
import { ChecksumTable } from './checksum-table.ts';
import { insertBlocks, placeholderBlock } from './encode-blocks.ts';
import { oursOf, STARTING, versionOf, type OwnInProgress } from './existing-backup.ts';
import { headIfAny, putProven, type HeldStore } from './held-store.ts';
import { listBlocks } from './list-blocks.ts';
import { Progress } from './progress.ts';
import { proveBlocks } from './prove-blocks.ts';
import { createConcurrency } from './requirements.ts';
import type { CreateBackupOptions } from './types.ts';
import { uploadBlocks } from './upload-blocks.ts';
import { goTime } from './volume-file.ts';

// A qcow2 image has a layout of its own: every block of the file counts (backupstore-format §3).
const QCOW2_MAGIC = Buffer.from('514649fb', 'hex');

/** What a backing image's backup is made with; what is not told here is as in {@link CreateBackupOptions}. */
export interface CreateBackingImageOptions extends Pick<
  CreateBackupOptions,
  | 'store'
  | 'labels'
  | 'concurrency'
  | 'inProgress'
  | 'saveInProgress'
  | 'signal'
  | 'clock'
  | 'log'
  | 'onProgress'
  | 'onWaiting'
> {
  /** Of any size; the last block may be short. */
  readonly source: SnapshotReader;
  readonly name: string;
  /** SHA-512 of the image, 128 hex digits; default `''`. */
  readonly checksum?: string | undefined;
  /** Default lz4. */
  readonly compression?: CompressionMethod | undefined;
  /** Name and namespace of the Secret that an encrypted image needs. */
  readonly secret?: string | undefined;
  readonly secretNamespace?: string | undefined;
}

/** A backing image that is complete in the store. */
export interface CreateBackingImageResult {
  readonly outcome: 'created' | 'adopted';
  readonly config: Omit<BackingImageConfig, 'blocks'>;
}

/**
 * Backs up a backing image into the pool that all of them share, under the lock `BACKINGIMAGE`: in-progress config, blocks of
 * 2 MiB, final config. One that is there is adopted when its size and checksum are the same. Throws `InvalidOption`,
 * `BackupExists`, `BackupInProgress`, `LockLost`, `Cancelled`, the source's or the store's error.
 */
export async function createBackingImage(options: CreateBackingImageOptions): Promise<CreateBackingImageResult> {
  const { store, name, source, signal, clock, log, onWaiting } = options;
  if (!isStoreName(name) || source.sizeBytes <= 0) {
    const detail = source.sizeBytes <= 0 ? 'the image is empty' : `invalid backing image name ${name}`;
    throw new StoreError('InvalidOption', { action: `create backing image '${name}'`, detail });
  }
  const lockOptions = { backingImages: true, store, type: lockTypes.backup, signal, clock, log, onWaiting } as const;
  return await withLock(lockOptions, async (lock) => await underLock(options, lock));
}

async function underLock(options: CreateBackingImageOptions, lock: HeldLock): Promise<CreateBackingImageResult> {
  using stop = linkSignals(`create backing image '${options.name}'`, { cancelled: options.signal, lost: lock.lost });
  const held: HeldStore = { store: options.store, lock, signal: stop.signal };
  try {
    const existing = await readIfAny(held, options.name);
    if (existing !== undefined && existing.config.completeTime !== '') return adopted(existing.config, options);
    return await make(held, options, existing);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  }
}

async function make(
  held: HeldStore,
  options: CreateBackingImageOptions,
  existing: ReadConfig<BackingImageConfig> | undefined,
): Promise<CreateBackingImageResult> {
  const { source: reader, concurrency, onProgress } = options;
  const known = new ChecksumTable();
  const [begun] = await settleAll([
    begin(held, options, existing),
    listBlocks({
      ...{ store: held.store, signal: held.signal, prefix: BACKING_IMAGE_BLOCKS_PREFIX },
      onBlock: ({ checksum, object }) => {
        known.addListed(checksum, object.size, false);
      },
    }),
  ]);
  const shape = { sizeBytes: reader.sizeBytes, blockBytes: DEFAULT_BLOCK_BYTES };
  const table = new BlockTable();
  const planned = await planImage(reader, { ...shape, reader, baseSnapshot: undefined, table, known });
  const progress = new Progress(Math.min(planned.plan.count * shape.blockBytes, shape.sizeBytes), onProgress);
  const keyOf = backingImageBlockKey;
  const counts = await uploadBlocks({
    ...{ ...held, ...shape, ...planned, reader, table, known, keyOf },
    compression: parseCompressionMethod(begun.config.compressionMethod),
    concurrency: createConcurrency(concurrency),
    isDistrusted: () => false,
    freshAre: 'new',
    onBytes: progress.add,
  });
  await proveBlocks({ ...held, ...counts, known, prefix: BACKING_IMAGE_BLOCKS_PREFIX, keyOf });
  const config: BackingImageConfig = {
    ...begun.config,
    blockCount: String(table.count),
    completeTime: goTime(held.lock.storeNowMs()),
  };
  await commit(held, options, { own: begun.own, config, table });
  onProgress?.({ bytesDone: shape.sizeBytes, bytesTotal: shape.sizeBytes, percent: 100 });
  return { outcome: 'created', config };
}

async function planImage(reader: SnapshotReader, options: Parameters<typeof planBlocks>[0]): Promise<PlannedRead> {
  const magic = Buffer.alloc(QCOW2_MAGIC.length);
  if (reader.sizeBytes >= magic.length) await reader.read(0, magic.length, magic);
  if (!magic.equals(QCOW2_MAGIC)) return await planBlocks(options);
  const plan = new BlockPlan(options);
  plan.addRange({ offset: 0, length: reader.sizeBytes });
  return { plan, compare: false };
}

interface Begun {
  readonly own: OwnInProgress;
  readonly config: BackingImageConfig;
}

async function begin(
  held: HeldStore,
  options: CreateBackingImageOptions,
  existing: ReadConfig<BackingImageConfig> | undefined,
): Promise<Begun> {
  const { name, inProgress, saveInProgress = () => Promise.resolve() } = options;
  if (existing !== undefined) {
    const isOurs = inProgress === STARTING || inProgress === versionOf(existing);
    if (!isOurs) throw busy(name);
    return {
      own: oursOf(existing),
      config: { ...firstConfig(held, options), createdTime: existing.config.createdTime },
    };
  }
  const config = firstConfig(held, options);
  await saveInProgress(STARTING);
  const key = backingImageConfigKey(name);
  const written = await putOnce(held, name, { key, body: encodeBackingImageConfig(config), ifAbsent: true });
  const own = oursOf(written);
  await saveInProgress(own.version);
  return { own, config };
}

// The commit point. MUST: only over our own in-progress config, which nobody has touched.
async function commit(
  held: HeldStore,
  { name, source }: CreateBackingImageOptions,
  { own, config, table }: Begun & { readonly table: BlockTable },
): Promise<void> {
  await source.assertUnchanged?.();
  const key = backingImageConfigKey(name);
  const info = await headIfAny(held, key);
  if (info === undefined || versionOf(info) !== own.version) throw busy(name);
  const template = encodeBackingImageConfig({ ...config, blocks: table.count === 0 ? [] : [placeholderBlock] });
  const body = table.count === 0 ? template : insertBlocks(template, table, DEFAULT_BLOCK_BYTES);
  await putOnce(held, name, { key, body, ifMatch: own.etag });
}

async function putOnce(held: HeldStore, name: string, put: Parameters<typeof putProven>[1]) {
  try {
    const written = await putProven(held, put);
    if (written === undefined) throw busy(name);
    return written;
  } catch (error) {
    throw isStoreError(error, 'AlreadyExists') ? busy(name) : error;
  }
}

function firstConfig({ lock }: HeldStore, options: CreateBackingImageOptions): BackingImageConfig {
  const { name, source, checksum = '', labels, compression = 'lz4', secret = '', secretNamespace = '' } = options;
  return {
    ...{ name, size: String(source.sizeBytes), blockCount: '0', checksum, labels: labels ?? null },
    ...{ compressionMethod: compression, createdTime: goTime(lock.storeNowMs()), completeTime: '' },
    ...{ secret, secretNamespace, processingBlocks: '{"Blocks":{}}', blocks: [] },
  };
}

async function readIfAny(held: HeldStore, name: string): Promise<ReadConfig<BackingImageConfig> | undefined> {
  try {
    return await readBackingImageConfig(held.store, name, { signal: held.signal });
  } catch (error) {
    if (isStoreError(error, 'NotFound')) return undefined;
    throw error;
  }
}

function adopted(config: BackingImageConfig, options: CreateBackingImageOptions): CreateBackingImageResult {
  const { name, source, checksum = config.checksum } = options;
  if (config.size === String(source.sizeBytes) && config.checksum === checksum) return { outcome: 'adopted', config };
  throw new StoreError('BackupExists', {
    action: `create backing image '${name}'`,
    detail: `there is another backing image of this name, of ${config.size} bytes`,
    key: backingImageConfigKey(name),
  });
}

function busy(name: string): StoreError {
  return new StoreError('BackupInProgress', {
    action: `create backing image '${name}'`,
    detail: 'another writer works on a backing image of this name',
    cure: 'wait until it is complete, or remove it if whoever made it is gone',
    key: backingImageConfigKey(name),
  });
}
