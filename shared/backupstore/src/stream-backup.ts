import { StoreError } from './errors.ts';
import type { BackupOutline } from './format/backup-config.ts';
import { BlockListReader } from './format/block-list-reader.ts';
import { guard } from './format/codec.ts';
import type { BlockReference } from './format/fields.ts';
import { backupConfigKey } from './layout.ts';
import type { ReadConfig } from './read-config.ts';
import type { CallOptions, ObjectContent, ObjectStore } from './store.ts';

// The first piece holds all of most configs; the others some 20,000 blocks each.
const FIRST_PIECE_BYTES = 64 * 1024;
const PIECE_BYTES = 2 * 1024 * 1024;
const SLICE_BYTES = 64 * 1024;

const CHECKSUM = /^[0-9a-f]{64}$/;

/** A backup config that was read whole, without its block list. */
export type StreamedBackup = ReadConfig<BackupOutline>;

/**
 * Reads a backup config of any size by ranged GETs, the next one on its way while the last is worked on, and gives its
 * blocks in the file's order, in lists of up to some 600; returns the rest of the config. Throws `NotFound`, `Corrupt` (also for a
 * checksum that is none), `Unavailable` when the config changes meanwhile, or the store's error. What came before an error is not to be relied on.
 */
export async function* streamBackup(
  store: ObjectStore,
  name: { readonly volume: string; readonly backup: string },
  options: CallOptions = {},
): AsyncGenerator<readonly BlockReference[], StreamedBackup> {
  const key = backupConfigKey(name.volume, name.backup);
  const get = async (start: number, length: number): Promise<ObjectContent> =>
    await store.get({ key, range: { start, end: start + length - 1 }, ...options });
  const reader = new BlockListReader();
  const first = await get(0, FIRST_PIECE_BYTES);
  let piece = first;
  let position = piece.body.length;
  for (;;) {
    const isLast = position >= first.size;
    if (piece.body.length === 0 && !isLast) throw changed(key);
    const next = isLast ? undefined : get(position, Math.min(PIECE_BYTES, first.size - position));
    // Its error is thrown when its turn comes.
    next?.catch(() => undefined);
    yield* blocksOf(reader, { key, body: piece.body, isLast });
    if (next === undefined) break;
    piece = await next;
    if (!isSameVersion(first, piece)) throw changed(key);
    position += piece.body.length;
  }
  const { size, mtimeMs, etag } = first;
  return { config: reader.outline, size, mtimeMs, ...(etag !== undefined && { etag }) };
}

// In slices: what lives only for a moment costs V8 nothing, a whole piece's 20,000 blocks at once make its heap grow.
function* blocksOf(
  reader: BlockListReader,
  { key, body, isLast }: { readonly key: string; readonly body: Buffer; readonly isLast: boolean },
): Generator<readonly BlockReference[]> {
  let start = 0;
  do {
    const end = Math.min(start + SLICE_BYTES, body.length);
    const slice = body.subarray(start, end);
    const blocks = guard({ key }, () => reader.push(slice, isLast && end === body.length));
    assertChecksums(key, blocks);
    if (blocks.length > 0) yield blocks;
    start = end;
  } while (start < body.length);
}

/** Throws `Corrupt` when a block of the config `key` has a checksum that is none: 64 hex digits, lower case. */
export function assertChecksums(key: string, blocks: readonly BlockReference[]): void {
  const strange = blocks.find(({ checksum }) => !CHECKSUM.test(checksum));
  if (strange === undefined) return;
  const { offset, checksum } = strange;
  const detail = `the block at offset ${String(offset)} has no valid checksum ('${checksum.slice(0, 80)}')`;
  throw new StoreError('Corrupt', { action: `decode object '${key}'`, detail, key });
}

function isSameVersion(a: ObjectContent, b: ObjectContent): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.etag === b.etag;
}

function changed(key: string): StoreError {
  return new StoreError('Unavailable', { action: `read object '${key}'`, detail: 'it changed while it was read', key });
}
