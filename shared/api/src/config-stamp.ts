/** What tells versions of a config in a store apart, without reading it. Pure. */

/** A config as a listing shows it. */
export interface ConfigInfo {
  readonly etag?: string | undefined;
  /** Milliseconds since 1970, by the store's clock. */
  readonly mtimeMs: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * Without an ETag, a file as young as this may be written again without its mtime changing (NFS and FAT keep seconds, caches some more),
 * so its mtime is not trusted yet. Milliseconds; design.md §4.
 */
const YOUNG_MS = 5_000;

/**
 * What a config looks like from outside: two equal stamps mean equal content. The ETag where there is one, else mtime and size; a young file's
 * differs from what it will be once the file has grown old, so that it is read once more then.
 */
export function configStamp(info: ConfigInfo, nowMs: number): string {
  if (info.etag !== undefined) return info.etag;
  const age = Math.abs(nowMs - info.mtimeMs) < YOUNG_MS ? 'young' : 'mtime';
  return `${age}-${info.mtimeMs}-${info.size}`;
}
