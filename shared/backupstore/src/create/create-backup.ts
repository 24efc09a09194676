import { isStoreError, StoreError } from '../errors.ts';
import { encodeBackupConfig, type BackupHead } from '../format/backup-config.ts';
import { parseCompressionMethod, type CompressionMethod } from '../format/compression.ts';
import type { StringMap } from '../format/fields.ts';
import type { VolumeConfig } from '../format/volume-config.ts';
import { backupConfigKey, blockKey, blocksPrefix } from '../layout.ts';
import { linkSignals } from '../linked-signal.ts';
import { lockTypes, type HeldLock, type LockOptions } from '../locks/types.ts';
import { withLock } from '../locks/with-lock.ts';
import { settleAll } from '../settle-all.ts';
import { loadBase, type BaseBackup } from './base-backup.ts';
import { planBlocks } from './block-plan.ts';
import { ChecksumTable } from './checksum-table.ts';
import { EarlyBlocks } from './early-blocks.ts';
import { encodeConfigWithTable } from './encode-blocks.ts';
import { findExisting, isStillInProgress, oursOf, STARTING } from './existing-backup.ts';
import type { ExistingBackup, OwnInProgress } from './existing-backup.ts';
import { putProven, putThenProve, type HeldStore } from './held-store.ts';
import { listBlocks } from './list-blocks.ts';
import { Progress } from './progress.ts';
import { proveBlocks } from './prove-blocks.ts';
import { checkCreateOptions, createConcurrency } from './requirements.ts';
import type { CreateBackupOptions, CreateBackupResult } from './types.ts';
import { uploadBlocks, type UploadCounts } from './upload-blocks.ts';
import { finishVolume, goTime, readVolume, writeFirstVolume, type ReadVolume } from './volume-file.ts';

// One to find that an in-progress config is abandoned, one to make the backup after it is cleared, one for bad luck.
const MAX_PASSES = 3;

/** The options of a backup, checked. */
type Checked = CreateBackupOptions & { readonly blockBytes: number; readonly early?: EarlyBlocks };

/**
 * Makes a backup in Longhorn's format (backupstore-format §3), under a lock of type 1:
 *
 *   volume.cfg if there is none -> in-progress config -> blocks -> final config (the commit) -> volume.cfg
 *
 * MUST hold (design §6): a completed config is never overwritten, but adopted or refused; that a block exists is known from
 * the LIST under the lock alone, or from having written it and found it there; nothing is written without the lock. Killed
 * anywhere, it goes on when it is made again with what `saveInProgress` saved: only what is missing is uploaded.
 *
 * Throws `InvalidOption`, `UnsupportedCompression`, `BackupExists`, `BackupInProgress` (another writer's), `LockLost`,
 * `Cancelled`, the source's or the store's error. Memory: see `uploadBlocks`, and 32 bytes for each block of the volume in
 * use, 35 for each in the store, 108 at the end for the config.
 */
export async function createBackup(options: CreateBackupOptions): Promise<CreateBackupResult> {
  const checked: Checked = { ...options, blockBytes: checkCreateOptions(options) };
  const { store, volume, signal, clock, log, onWaiting } = options;
  const lockOptions: LockOptions = {
    store,
    volume: volume.name,
    type: lockTypes.backup,
    signal,
    clock,
    log,
    onWaiting,
  };
  const early = new EarlyBlocks(checked);
  try {
    for (let pass = 1; ; pass++) {
      const done = await withLock(
        lockOptions,
        async (lock) => await underLock({ ...checked, early }, lock, lockOptions),
      );
      if ('config' in done) return done;
      if (pass === MAX_PASSES) throw changedError(checked);
      await clearAbandoned(checked, done.abandoned, lockOptions);
    }
  } finally {
    await early.stop();
  }
}

async function underLock(
  options: Checked,
  lock: HeldLock,
  lockOptions: LockOptions,
): Promise<CreateBackupResult | { readonly abandoned: string }> {
  using stop = linkSignals(`create backup '${options.backup}'`, { cancelled: options.signal, lost: lock.lost });
  const held: HeldStore = { store: options.store, lock, signal: stop.signal };
  try {
    const [volume, existing] = await settleAll([
      readVolume(held, options.volume.name),
      findExisting(held, options, lockOptions),
    ]);
    if (existing.state === 'abandoned') return { abandoned: existing.version };
    if (existing.state === 'complete') return await adopt(held, options, { config: existing.config, volume });
    return await make(held, options, { existing, volume });
  } catch (error) {
    // What fails because the signal fired does so in ways of its own.
    throw stop.signal.aborted ? stop.signal.reason : error;
  }
}

interface Found {
  readonly existing: Extract<ExistingBackup, { state: 'absent' | 'ours' }>;
  readonly volume: ReadVolume | undefined;
}

async function make(held: HeldStore, options: Checked, { existing, volume }: Found): Promise<CreateBackupResult> {
  const known = new ChecksumTable();
  const freshFromMs = existing.state === 'ours' ? existing.mtimeMs : Infinity;
  const [base, begun] = await settleAll([
    loadBase(held, volume?.config, options),
    begin(held, options, { existing, volume }),
    listBlocks({
      ...{ store: held.store, signal: held.signal, prefix: blocksPrefix(options.volume.name) },
      onBlock: ({ checksum, object }) => {
        known.addListed(checksum, object.size, object.mtimeMs >= freshFromMs);
      },
    }),
  ]);
  const { counts, own } = await uploadBegun(held, options, { base, begun, known });
  const current = await prove(held, options, { own, known, counts });
  const config = headOf(held, options, { base, begun, counts });
  await commit(held, options, { base, own, config });
  await finishVolume(held, options, {
    lastBackupName: options.backup,
    lastBackupAt: options.snapshot.createdAt,
    blockCount: (before) => before + counts.newBlocks,
    ...(current !== undefined && { current }),
  });
  options.onProgress?.({ bytesDone: Number(config.size), bytesTotal: Number(config.size), percent: 100 });
  return { outcome: 'created', config, newBlocks: counts.newBlocks };
}

interface Begun {
  /** Looks whether the in-progress config is there, as it was written; to be called once. */
  readonly prove: () => Promise<OwnInProgress>;
  readonly volume: VolumeConfig;
  readonly compression: CompressionMethod;
}

// volume.cfg, then the in-progress config, unless an earlier run has written them.
async function begin(held: HeldStore, options: Checked, { existing, volume: read }: Found): Promise<Begun> {
  if (read !== undefined) return await beginConfig(held, options, { existing, volume: read.config });
  const { config: volume, proven } = await writeFirstVolume(held, options);
  const [begun] = await settleAll([beginConfig(held, options, { existing, volume }), proven]);
  return begun;
}

async function beginConfig(
  held: HeldStore,
  options: Checked,
  { existing, volume }: { readonly existing: Found['existing']; readonly volume: VolumeConfig },
): Promise<Begun> {
  // Before anything is left behind.
  const compression = parseCompressionMethod(volume.compressionMethod);
  if (existing.state === 'ours') return { prove: () => Promise.resolve(existing), volume, compression };
  const { saveInProgress = () => Promise.resolve() } = options;
  await saveInProgress(STARTING);
  const key = backupConfigKey(options.volume.name, options.backup);
  const body = encodeBackupConfig({
    ...emptyHead(options, compression),
    blocks: [],
    ...NO_FILE,
    processingBlocks: 'null',
  });
  const { prove: look } = await putThenProve(held, { key, body, ifAbsent: true }).catch(unlessOurs(options));
  const prove = async (): Promise<OwnInProgress> => {
    const written = await look().catch(unlessOurs(options));
    if (written === undefined) throw changedError(options);
    await saveInProgress(oursOf(written).version);
    return oursOf(written);
  };
  return { prove, volume, compression };
}

// Somebody else's is there.
function unlessOurs(options: Checked): (error: unknown) => never {
  return (error) => {
    throw isStoreError(error, 'AlreadyExists') ? changedError(options) : error;
  };
}

interface Prepared {
  readonly base: BaseBackup;
  readonly begun: Begun;
  readonly known: ChecksumTable;
}

// The blocks are sent while the in-progress config is looked at; it is looked at again before the commit.
async function uploadBegun(
  held: HeldStore,
  options: Checked,
  prepared: Prepared,
): Promise<{ readonly counts: UploadCounts; readonly own: OwnInProgress }> {
  const unproven = new AbortController();
  using stop = linkSignals(`create backup '${options.backup}'`, { cancelled: held.signal, lost: unproven.signal });
  const proving = prepared.begun.prove().catch((error: unknown) => {
    unproven.abort(error);
    throw error;
  });
  const [own, counts] = await settleAll([proving, upload({ ...held, signal: stop.signal }, options, prepared)]);
  return { own, counts };
}

async function upload(held: HeldStore, options: Checked, { base, begun, known }: Prepared): Promise<UploadCounts> {
  const { source: reader, blockBytes, volume, mode, corruptBlocks = [] } = options;
  const { table, snapshotName: baseSnapshot } = base;
  await options.early?.stop();
  const shape = { sizeBytes: reader.sizeBytes, blockBytes };
  const corrupt = new Set(corruptBlocks);
  const planned = await planBlocks({ ...shape, reader, baseSnapshot, table, known, corrupt });
  const progress = new Progress(planned.plan.count * blockBytes, options.onProgress);
  return await uploadBlocks({
    ...held,
    ...shape,
    ...planned,
    ...{ reader, table, known, early: options.early, keyOf: (checksum: string) => blockKey(volume.name, checksum) },
    compression: begun.compression,
    concurrency: createConcurrency(options.concurrency),
    isDistrusted: mode === 'full' ? () => true : (checksum) => corrupt.has(checksum),
    freshAre: mode === 'full' && begun.volume.lastBackupName !== '' ? 'reuploaded' : 'new',
    onBytes: progress.add,
  });
}

interface Uploaded {
  readonly own: OwnInProgress;
  readonly known: ChecksumTable;
  readonly counts: UploadCounts;
}

// Looks at all that the commit relies on; returns volume.cfg as it is now, where nobody can change it unseen from here on.
async function prove(
  held: HeldStore,
  options: Checked,
  { own, known, counts }: Uploaded,
): Promise<ReadVolume | undefined> {
  const { name } = options.volume;
  const { version, etag } = own;
  await options.source.assertUnchanged?.();
  const keyOf = (checksum: string): string => blockKey(name, checksum);
  const proving = proveBlocks({ ...held, ...counts, known, prefix: blocksPrefix(name), keyOf });
  // Side by side only where the writes themselves say what they replace: elsewhere the last look has to be late.
  if (held.store.capabilities.conditionalReplace && etag !== undefined) {
    const still = isStillInProgress(held, options, version);
    const [, isOurs, current] = await settleAll([proving, still, readVolume(held, name)]);
    if (!isOurs) throw changedError(options);
    return current;
  }
  await proving;
  if (!(await isStillInProgress(held, options, version))) throw changedError(options);
  return undefined;
}

interface Finished {
  readonly base: BaseBackup;
  readonly own: OwnInProgress;
  readonly config: BackupHead;
}

// The commit point. MUST: only over our own in-progress config, which `prove` has seen untouched.
async function commit(held: HeldStore, options: Checked, { base, own, config }: Finished): Promise<void> {
  const processingBlocks = config.isIncremental ? 'null' : '{}';
  const body = encodeConfigWithTable({ ...config, ...NO_FILE, processingBlocks }, base.table, options.blockBytes);
  const key = backupConfigKey(options.volume.name, options.backup);
  const written = await putProven(held, { key, body, ifMatch: own.etag }).catch(unlessOurs(options));
  if (written === undefined) throw changedError(options);
}

const NO_FILE = { singleFilePath: '' } as const;

function emptyHead({ backup, volume }: Checked, compressionMethod: CompressionMethod): BackupHead {
  return {
    ...{ name: backup, volumeName: volume.name, compressionMethod },
    ...{ snapshotName: '', snapshotCreatedAt: '', createdTime: '', size: '0', labels: null, parameters: null },
    ...{ isIncremental: false, newlyUploadedDataSize: '0', reUploadedDataSize: '0' },
  };
}

function headOf(
  { lock }: HeldStore,
  options: Checked,
  { base, begun, counts }: Omit<Prepared, 'known'> & { readonly counts: UploadCounts },
): BackupHead {
  return {
    ...emptyHead(options, begun.compression),
    snapshotName: options.snapshot.name,
    snapshotCreatedAt: options.snapshot.createdAt,
    createdTime: goTime(lock.storeNowMs()),
    size: String(base.table.count * options.blockBytes),
    labels: options.labels ?? null,
    parameters: parametersOf(options),
    isIncremental: base.snapshotName !== undefined,
    newlyUploadedDataSize: String(counts.newBytes),
    reUploadedDataSize: String(counts.reuploadedBytes),
  };
}

// As Longhorn's engine writes them: the block size always, as a plain number; the mode where it was asked for.
function parametersOf({ parameters, blockBytes, mode }: Checked): StringMap {
  return {
    ...parameters,
    'backup-block-size': String(blockBytes),
    ...(mode !== undefined && { 'backup-mode': mode }),
  };
}

/**
 * The backup is there. If it is this one, killed after its commit, `volume.cfg` may not say so yet; then the number of
 * blocks is taken from a listing.
 */
async function adopt(
  held: HeldStore,
  options: Checked,
  { config, volume }: { readonly config: BackupHead; readonly volume: ReadVolume | undefined },
): Promise<CreateBackupResult> {
  const lastAt = Date.parse(volume?.config.lastBackupAt ?? '');
  const isNoted = volume?.config.lastBackupName === options.backup || lastAt > Date.parse(config.snapshotCreatedAt);
  if (options.inProgress !== undefined && !isNoted) {
    const blocks = new ChecksumTable();
    await listBlocks({
      ...{ store: held.store, signal: held.signal, prefix: blocksPrefix(options.volume.name) },
      onBlock: ({ checksum, object }) => {
        blocks.addListed(checksum, object.size, false);
      },
    });
    await finishVolume(held, options, {
      lastBackupName: options.backup,
      lastBackupAt: config.snapshotCreatedAt,
      blockCount: () => blocks.count,
    });
  }
  return { outcome: 'adopted', config, newBlocks: 0 };
}

// Under lock 2, so that no writer can be at it.
async function clearAbandoned(options: Checked, version: string, lockOptions: LockOptions): Promise<void> {
  const { store, volume, backup } = options;
  await withLock({ ...lockOptions, type: lockTypes.deletion }, async (lock) => {
    using stop = linkSignals(`create backup '${backup}'`, { cancelled: options.signal, lost: lock.lost });
    const held: HeldStore = { store, lock, signal: stop.signal };
    if (!(await isStillInProgress(held, options, version))) return;
    lock.assertHeld();
    await store.delete([backupConfigKey(volume.name, backup)], { signal: held.signal });
    options.log?.(`in-progress backup '${backup}', given up more than 24 hours ago, was cleared`);
  });
}

function changedError({ backup, volume }: Checked): StoreError {
  return new StoreError('BackupInProgress', {
    action: `create backup '${backup}'`,
    detail: 'another writer works on a backup of this name',
    cure: 'wait until it is complete, or use another name',
    key: backupConfigKey(volume.name, backup),
  });
}
