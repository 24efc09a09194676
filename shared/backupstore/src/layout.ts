import { createHash } from 'node:crypto';

/** Everything of the format lies below this folder (`backupstore-format §2`). */
export const STORE_ROOT = 'backupstore/';
/** Home of the volumes: `<H[0:2]>/<H[2:4]>/<volume>/…` below it. */
export const VOLUMES_PREFIX = 'backupstore/volumes/';
/** Everything of the backing images: their configs and blocks. */
export const BACKING_IMAGES_ROOT = 'backupstore/backing-images/';
/** Home of the backing images: `<name>/backing-image.cfg` below it, not sharded. */
export const BACKING_IMAGES_PREFIX = 'backupstore/backing-images/backing-images/';
/** Home of the system backups: `<longhorn version>/<name>/system-backup.cfg` below it. */
export const SYSTEM_BACKUPS_PREFIX = 'backupstore/system-backups/';
/** The store marker (design §4); Longhorn never lists this folder itself. */
export const MARKER_KEY = 'backupstore/mooring.json';
/** The "volume" that only holds the locks of backing images; no volume, whatever lies in it. */
export const BACKING_IMAGE_LOCK_HOME = 'BACKINGIMAGE';

const BACKUP_FILE = /^backup_(.*)\.cfg$/;
const LEFTOVER = /\.tmp\.\d*$/;

/** First 64 hex digits of SHA-512: the checksum of blocks and, over its name, the shard of a volume. */
export function storeChecksum(data: string | Uint8Array): string {
  return createHash('sha512').update(data).digest('hex').slice(0, 64);
}

/** The two shard folders of a volume, e.g. `ff/06` for `pvc-lz4`. */
export function volumeShard(volume: string): string {
  const checksum = storeChecksum(volume);
  return `${checksum.slice(0, 2)}/${checksum.slice(2, 4)}`;
}

/** A volume's folder with its trailing slash: `backupstore/volumes/ff/06/pvc-lz4/`. */
export function volumePrefix(volume: string): string {
  return `${VOLUMES_PREFIX}${volumeShard(volume)}/${volume}/`;
}

/** `…/volume.cfg`. */
export function volumeConfigKey(volume: string): string {
  return `${volumePrefix(volume)}volume.cfg`;
}

/** `…/backups/`. */
export function backupsPrefix(volume: string): string {
  return `${volumePrefix(volume)}backups/`;
}

/** `…/backups/backup_<backup>.cfg`. */
export function backupConfigKey(volume: string, backup: string): string {
  return `${backupsPrefix(volume)}backup_${backup}.cfg`;
}

/** `…/locks/`. */
export function locksPrefix(volume: string): string {
  return `${volumePrefix(volume)}locks/`;
}

/** `…/blocks/`. */
export function blocksPrefix(volume: string): string {
  return `${volumePrefix(volume)}blocks/`;
}

/** `…/BackupFiles/<backup>.bak`: the content of a single-file backup. */
export function backupFileKey(volume: string, backup: string): string {
  return `${volumePrefix(volume)}BackupFiles/${backup}.bak`;
}

/** `…/blocks/<ck[0:2]>/<ck[2:4]>/<ck>.blk`. */
export function blockKey(volume: string, checksum: string): string {
  return blockKeyBelow(blocksPrefix(volume), checksum);
}

/** The same for many blocks of one volume, without hashing its name for each; `prefix` from {@link blocksPrefix}. */
export function blockKeyBelow(prefix: string, checksum: string): string {
  return `${prefix}${checksum.slice(0, 2)}/${checksum.slice(2, 4)}/${checksum}.blk`;
}

/** `backupstore/backing-images/backing-images/<name>/backing-image.cfg`. */
export function backingImageConfigKey(name: string): string {
  return `${BACKING_IMAGES_PREFIX}${name}/backing-image.cfg`;
}

/** The one pool of blocks that all backing images share. */
export const BACKING_IMAGE_BLOCKS_PREFIX = 'backupstore/backing-images/blocks/';

/** `backupstore/backing-images/blocks/<ck[0:2]>/<ck[2:4]>/<ck>.blk`. */
export function backingImageBlockKey(checksum: string): string {
  return blockKeyBelow(BACKING_IMAGE_BLOCKS_PREFIX, checksum);
}

/** `backupstore/system-backups/<version>/<name>/`. */
export function systemBackupPrefix(version: string, name: string): string {
  return `${SYSTEM_BACKUPS_PREFIX}${version}/${name}/`;
}

/** `…/system-backup.zip`. */
export function systemBackupFileKey(version: string, name: string): string {
  return `${systemBackupPrefix(version, name)}system-backup.zip`;
}

/** `…/system-backup.cfg`. */
export function systemBackupConfigKey(version: string, name: string): string {
  return `${systemBackupPrefix(version, name)}system-backup.cfg`;
}

/** Where a key below {@link VOLUMES_PREFIX} lies. */
export interface VolumeKey {
  /** The volume's folder as it stands in the key, with its trailing slash. */
  readonly folder: string;
  readonly volume: string;
  /** What follows the folder, e.g. `backups/backup_x.cfg`; `''` for a folder marker. */
  readonly rest: string;
}

/** Splits `backupstore/volumes/<2>/<2>/<volume>/<rest>`; `undefined` for a key of any other shape. */
export function parseVolumeKey(key: string): VolumeKey | undefined {
  if (!key.startsWith(VOLUMES_PREFIX)) return undefined;
  const base = VOLUMES_PREFIX.length;
  if (key[base + 2] !== '/' || key[base + 5] !== '/') return undefined;
  const end = key.indexOf('/', base + 6);
  if (end <= base + 6) return undefined;
  return { folder: key.slice(0, end + 1), volume: key.slice(base + 6, end), rest: key.slice(end + 1) };
}

/** The backup's name in a file name of `backups/`: `backup_<name>.cfg`; `undefined` for any other file. */
export function parseBackupFileName(fileName: string): string | undefined {
  return BACKUP_FILE.exec(fileName)?.[1];
}

/** Whether a file is the leftover of a write that never ended (`<name>.tmp.<unix nanoseconds>`): every reader ignores it. */
export function isLeftover(key: string): boolean {
  return LEFTOVER.test(key);
}

/** Compares keys as stores do: by their UTF-8 bytes (JavaScript compares UTF-16 units, which differs above U+FFFF). */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    return utf8Rank(left) - utf8Rank(right);
  }
  return a.length - b.length;
}

// Surrogates stand for code points above U+FFFF, so in UTF-8 they sort after U+E000 to U+FFFF.
function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
