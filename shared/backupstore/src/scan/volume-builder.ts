import { isStoreName } from '@mooring/api';
import { BACKING_IMAGE_LOCK_HOME, compareKeys, isLeftover, parseBackupFileName, volumePrefix } from '../layout.ts';
import type { ObjectInfo, StoredObject } from '../store.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { ScanIssue, ScannedBackup, ScannedVolume } from './types.ts';

// Folders of a volume whose content a scan does not need.
const SKIPPED_FOLDERS = ['BackupFiles/', 'blocks/', 'locks/'] as const;

/** The folder of a volume in which `rest` lies, if a scan need not look into it: `blocks/`, `locks/` or `BackupFiles/`. */
export function skippedFolderOf(rest: string): string | undefined {
  return SKIPPED_FOLDERS.find((folder) => rest.startsWith(folder));
}

/** Collects what a listing shows of one volume folder; the parts may come from several pages and in any order. */
export class VolumeBuilder {
  /** The folder as it stands in the store, with its trailing `/`. */
  readonly folder: string;
  readonly name: string;
  #config: ObjectInfo | undefined;
  readonly #backups = new Map<string, ScannedBackup>();
  readonly #issues: ScanIssue[] = [];

  constructor(folder: string, name: string) {
    this.folder = folder;
    this.name = name;
  }

  /** Takes one object of the folder; `rest` is its key below the folder. */
  add(rest: string, object: StoredObject): void {
    if (rest === 'volume.cfg') this.#config = object;
    else if (rest.startsWith('backups/')) this.#addBackup(rest.slice('backups/'.length), object);
    else if (rest !== '' && skippedFolderOf(rest) === undefined && !isLeftover(rest))
      this.#report('UnknownObject', object);
  }

  /** Takes over the parts of another builder of the same folder. */
  merge(other: VolumeBuilder): void {
    this.#config ??= other.#config;
    for (const [name, backup] of other.#backups) this.#backups.set(name, backup);
    this.#issues.push(...other.#issues);
  }

  /** Why this folder is no volume of the format: an issue, `'hidden'` (the lock home of backing images), or `undefined` when it is one. */
  rejection(): ScanIssue | 'hidden' | undefined {
    if (this.name === BACKING_IMAGE_LOCK_HOME) return 'hidden';
    if (!isStoreName(this.name)) {
      return {
        code: 'InvalidName',
        key: this.folder,
        message: `'${this.name}' is no valid volume name; it is ignored`,
      };
    }
    if (this.folder !== volumePrefix(this.name)) {
      const message = `volume '${this.name}' lies in the wrong folder (expected ${volumePrefix(this.name)}); it is ignored`;
      return { code: 'WrongShard', key: this.folder, message };
    }
    return undefined;
  }

  /** The volume as found so far; `nowMs` see `fingerprintOf`. */
  build(nowMs: number): ScannedVolume {
    const backups = [...this.#backups.values()].sort((a, b) => compareKeys(a.name, b.name));
    return {
      name: this.name,
      backups,
      hasConfig: this.#config !== undefined,
      ...(this.#config?.etag !== undefined && { configEtag: this.#config.etag }),
      ...(this.#config !== undefined && { configMtimeMs: this.#config.mtimeMs }),
      fingerprint: fingerprintOf({ config: this.#config, backups }, nowMs),
      issues: this.#issues,
    };
  }

  #addBackup(fileName: string, object: StoredObject): void {
    if (fileName === '' || isLeftover(fileName)) return;
    const name = parseBackupFileName(fileName);
    if (name === undefined || fileName.includes('/')) {
      this.#report('UnknownObject', object);
      return;
    }
    if (!isStoreName(name)) {
      this.#report('InvalidName', object);
      return;
    }
    if (object.size === 0) this.#report('EmptyObject', object);
    this.#backups.set(name, {
      name,
      size: object.size,
      mtimeMs: object.mtimeMs,
      ...(object.etag !== undefined && { etag: object.etag }),
    });
  }

  #report(code: 'UnknownObject' | 'InvalidName' | 'EmptyObject', object: StoredObject): void {
    this.#issues.push({ code, key: object.key, message: MESSAGES[code] });
  }
}

const MESSAGES = {
  UnknownObject: 'the object does not belong to the format; it is ignored',
  InvalidName: 'the name of the backup is not valid; it is ignored',
  EmptyObject: 'the config of the backup is empty',
} as const;
