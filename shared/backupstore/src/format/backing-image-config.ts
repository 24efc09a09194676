import { decodeFile, encodeFile, type DecodeSource } from './codec.ts';
import {
  blocksCodec,
  mapCodec,
  rawCodec,
  stringCodec,
  stringIntCodec,
  type BlockReference,
  type FieldTable,
  type StringMap,
} from './fields.ts';

/** `backing-image.cfg` (backupstore-format §2). */
export interface BackingImageConfig {
  readonly name: string;
  /** Bytes, decimal. */
  readonly size: string;
  /** Mapped blocks, decimal. */
  readonly blockCount: string;
  /** SHA-512 of the image, 128 hex digits, or `''`. */
  readonly checksum: string;
  readonly labels: StringMap;
  readonly compressionMethod: string;
  /** RFC 3339. */
  readonly createdTime: string;
  /** RFC 3339; `''` while in progress. */
  readonly completeTime: string;
  readonly secret: string;
  readonly secretNamespace: string;
  /** JSON text that Longhorn writes and never reads. */
  readonly processingBlocks: string;
  /** 2 MiB each; the last may be short. */
  readonly blocks: readonly BlockReference[];
}

const fields: FieldTable<BackingImageConfig> = {
  name: ['Name', stringCodec],
  size: ['Size', stringIntCodec],
  blockCount: ['BlockCount', stringIntCodec],
  checksum: ['Checksum', stringCodec],
  labels: ['Labels', mapCodec],
  compressionMethod: ['CompressionMethod', stringCodec],
  createdTime: ['CreatedTime', stringCodec],
  completeTime: ['CompleteTime', stringCodec],
  secret: ['Secret', stringCodec],
  secretNamespace: ['SecretNamespace', stringCodec],
  processingBlocks: ['ProcessingBlocks', rawCodec('null')],
  blocks: ['Blocks', blocksCodec],
};

/** Decodes a `backing-image.cfg`. Throws `Corrupt`. */
export function decodeBackingImageConfig(body: Buffer, source: DecodeSource): BackingImageConfig {
  return decodeFile(fields, body, source);
}

/** Encodes a `backing-image.cfg`, byte for byte as Longhorn. */
export function encodeBackingImageConfig(config: BackingImageConfig): Buffer {
  return encodeFile(fields, config);
}
