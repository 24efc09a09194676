import { decodeFile, encodeFile, type DecodeSource } from './codec.ts';
import {
  doubleEncodedCodec,
  mapCodec,
  stringCodec,
  stringIntCodec,
  type FieldTable,
  type StringMap,
} from './fields.ts';

/** `volume.cfg` (backupstore-format §2). Absent members read as `''`, `'0'` or `null`, whatever release wrote the file. */
export interface VolumeConfig {
  readonly name: string;
  /** Bytes of the volume at its last backup, decimal. */
  readonly size: string;
  /** Labels of the last backup. */
  readonly labels: StringMap;
  /** RFC 3339, UTC, seconds: when the first backup was made. */
  readonly createdTime: string;
  readonly lastBackupName: string;
  /** RFC 3339: when the last backup's snapshot was made. */
  readonly lastBackupAt: string;
  /** Blocks in use, decimal. */
  readonly blockCount: string;
  readonly backingImageName: string;
  readonly backingImageChecksum: string;
  /** `lz4`, `gzip` or `none`; `''` (before v1.5) means gzip. Fixed at the first backup. */
  readonly compressionMethod: string;
  readonly storageClassName: string;
  /** `v1` or `v2`; `''` (before v1.6) means v1. */
  readonly dataEngine: string;
}

const fields: FieldTable<VolumeConfig> = {
  name: ['Name', stringCodec],
  size: ['Size', stringIntCodec],
  labels: ['Labels', mapCodec],
  createdTime: ['CreatedTime', stringCodec],
  lastBackupName: ['LastBackupName', stringCodec],
  lastBackupAt: ['LastBackupAt', stringCodec],
  blockCount: ['BlockCount', stringIntCodec],
  backingImageName: ['BackingImageName', doubleEncodedCodec],
  backingImageChecksum: ['BackingImageChecksum', doubleEncodedCodec],
  compressionMethod: ['CompressionMethod', doubleEncodedCodec],
  storageClassName: ['StorageClassName', doubleEncodedCodec],
  dataEngine: ['DataEngine', doubleEncodedCodec],
};

/** Decodes a `volume.cfg`. Throws `Corrupt`. */
export function decodeVolumeConfig(body: Buffer, source: DecodeSource): VolumeConfig {
  return decodeFile(fields, body, source);
}

/** Encodes a `volume.cfg`, byte for byte as Longhorn. */
export function encodeVolumeConfig(config: VolumeConfig): Buffer {
  return encodeFile(fields, config);
}
