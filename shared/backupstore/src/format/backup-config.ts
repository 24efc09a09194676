import { decodeFile, decodeFileStart, encodeFile, type DecodeSource } from './codec.ts';
import {
  blocksCodec,
  booleanCodec,
  mapCodec,
  rawCodec,
  singleFileCodec,
  stringCodec,
  stringIntCodec,
  type BlockReference,
  type FieldTable,
  type StringMap,
} from './fields.ts';

/** What `backup_<name>.cfg` says before its block list (backupstore-format §2). */
export interface BackupHead {
  readonly name: string;
  readonly volumeName: string;
  readonly snapshotName: string;
  /** RFC 3339. */
  readonly snapshotCreatedAt: string;
  /** RFC 3339: when the backup was completed; `''` while it is in progress. */
  readonly createdTime: string;
  /** Bytes, decimal: mapped blocks × block size (neither the delta nor the compressed size). */
  readonly size: string;
  readonly labels: StringMap;
  /** Since v1.7: `backup-mode` (full, incremental), `backup-block-size` (a quantity, default 2097152). */
  readonly parameters: StringMap;
  readonly isIncremental: boolean;
  /** `lz4`, `gzip` or `none`; `''` (before v1.5) means gzip. */
  readonly compressionMethod: string;
  /** Compressed bytes, decimal; since v1.7. */
  readonly newlyUploadedDataSize: string;
  /** Compressed bytes, decimal; since v1.7. */
  readonly reUploadedDataSize: string;
}

/** A whole `backup_<name>.cfg`: about 108 bytes a block, 56 MB a TiB. */
export interface BackupConfig extends BackupHead {
  /** JSON text that Longhorn writes and never reads: `{}` or `null`. */
  readonly processingBlocks: string;
  /** MUST be sorted by offset, each offset once: incremental restores merge two lists and assume it. */
  readonly blocks: readonly BlockReference[];
  /** Store-relative path of a single-file backup; `''` for a block backup. */
  readonly singleFilePath: string;
}

const headFields: FieldTable<BackupHead> = {
  name: ['Name', stringCodec],
  volumeName: ['VolumeName', stringCodec],
  snapshotName: ['SnapshotName', stringCodec],
  snapshotCreatedAt: ['SnapshotCreatedAt', stringCodec],
  createdTime: ['CreatedTime', stringCodec],
  size: ['Size', stringIntCodec],
  labels: ['Labels', mapCodec],
  parameters: ['Parameters', mapCodec],
  isIncremental: ['IsIncremental', booleanCodec],
  compressionMethod: ['CompressionMethod', stringCodec],
  newlyUploadedDataSize: ['NewlyUploadedDataSize', stringIntCodec],
  reUploadedDataSize: ['ReUploadedDataSize', stringIntCodec],
};

const fields: FieldTable<BackupConfig> = {
  ...headFields,
  processingBlocks: ['ProcessingBlocks', rawCodec('null')],
  blocks: ['Blocks', blocksCodec],
  singleFilePath: ['SingleFile', singleFileCodec],
};

/** All members of a backup config but its block list. */
export interface BackupOutline extends BackupHead {
  /** Store-relative path of a single-file backup; `''` for a block backup. */
  readonly singleFilePath: string;
}

/** How {@link BackupOutline} is read. */
export const outlineFields: FieldTable<BackupOutline> = {
  ...headFields,
  singleFilePath: ['SingleFile', singleFileCodec],
};

// Written before Blocks by every release; a file that has them elsewhere is no Longhorn's, and is read whole.
const BEFORE_BLOCKS = ['name', 'volumename', 'snapshotname', 'snapshotcreatedat', 'createdtime', 'size'];

/** Decodes a whole `backup_<name>.cfg`. Throws `Corrupt`. */
export function decodeBackupConfig(body: Buffer, source: DecodeSource): BackupConfig {
  return decodeFile(fields, body, source);
}

/**
 * Decodes the head from the first bytes of a `backup_<name>.cfg`; `undefined` when they do not suffice. Throws `Corrupt`: of a whole file also for
 * what lies behind the head (most configs are that small, and a cut one must not pass as complete); of a longer one that is not seen.
 */
export function decodeBackupHead(
  start: { readonly body: Buffer; readonly isComplete: boolean },
  source: DecodeSource,
): BackupHead | undefined {
  if (start.isComplete) {
    const {
      processingBlocks: _processing,
      blocks: _blocks,
      singleFilePath: _path,
      ...head
    } = decodeBackupConfig(start.body, source);
    return head;
  }
  return decodeFileStart(headFields, { ...start, stopAt: 'blocks', required: BEFORE_BLOCKS }, source);
}

/** Encodes a `backup_<name>.cfg`, byte for byte as Longhorn. */
export function encodeBackupConfig(config: BackupConfig): Buffer {
  return encodeFile(fields, config);
}

/** Whether a backup is complete: an empty completion time is the format's only mark of "in progress". */
export function isBackupComplete(head: BackupHead): boolean {
  return head.createdTime !== '';
}
