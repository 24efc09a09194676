import { createHash } from 'node:crypto';
import type { ObjectInfo } from '../store.ts';

// Two writes within one tick of a coarse clock (NFS, FAT: up to 2 s) leave the same mtime; design §4 says 5 s.
const UNSETTLED_MS = 5000;

/** What a fingerprint covers. */
export interface FingerprintParts {
  readonly config: ObjectInfo | undefined;
  /** By name in byte order. */
  readonly backups: readonly (ObjectInfo & { readonly name: string })[];
}

/**
 * 32 hex digits over the backups' names, sizes and ETags (mtimes where there are none), and `volume.cfg`'s. When an mtime
 * without ETag is less than 5 s old at `nowMs`, the object may still change without a new mtime: then `~<nowMs>` is
 * appended, so that the next scan's fingerprint differs whatever happens.
 */
export function fingerprintOf(parts: FingerprintParts, nowMs: number): string {
  const hash = createHash('sha256');
  hash.update(parts.config === undefined ? '-\n' : `${versionOf(parts.config)}\n`);
  for (const backup of parts.backups) hash.update(`${backup.name}\0${versionOf(backup)}\n`);
  const digest = hash.digest('hex').slice(0, 32);
  const all = parts.config === undefined ? parts.backups : [parts.config, ...parts.backups];
  return all.some((object) => isUnsettled(object, nowMs)) ? `${digest}~${String(nowMs)}` : digest;
}

function versionOf(object: ObjectInfo): string {
  return `${object.etag ?? String(object.mtimeMs)} ${String(object.size)}`;
}

function isUnsettled(object: ObjectInfo, nowMs: number): boolean {
  return object.etag === undefined && Math.abs(nowMs - object.mtimeMs) < UNSETTLED_MS;
}
