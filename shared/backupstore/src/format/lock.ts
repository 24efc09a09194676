import { decodeFile, encodeFile, type DecodeSource } from './codec.ts';
import { booleanCodec, numberCodec, stringCodec, type FieldTable } from './fields.ts';

/** `lock-<16 hex>.lck` (backupstore-format §4). */
export interface LockFile {
  readonly name: string;
  /** 1 backup or restore, 2 deletion, 0 untyped. */
  readonly type: number;
  readonly acquired: boolean;
}

const fields: FieldTable<LockFile> = {
  name: ['Name', stringCodec],
  type: ['Type', numberCodec],
  acquired: ['Acquired', booleanCodec],
};

/** Decodes a lock file. Throws `Corrupt`. */
export function decodeLock(body: Buffer, source: DecodeSource): LockFile {
  return decodeFile(fields, body, source);
}

/** Encodes a lock file, byte for byte as Longhorn. */
export function encodeLock(lock: LockFile): Buffer {
  return encodeFile(fields, lock);
}
