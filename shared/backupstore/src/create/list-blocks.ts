import { compareKeys } from '../layout.ts';
import { listPages } from '../scan/list-all.ts';
import type { ObjectStore, StoredObject } from '../store.ts';

// LISTs at once; a store answers about 1,000 keys in 0.1 s.
const MAX_PARTS = 16;
const BLOCK_FILE = /^([0-9a-f]{2})\/([0-9a-f]{2})\/([0-9a-f]{64})\.blk$/;
// Folders of the second level, `00/00` to `ff/ff`: the key space is cut between them.
const FOLDERS = 0x10000;

/** One block object of a listing. */
export interface ListedBlock {
  readonly checksum: string;
  readonly object: StoredObject;
}

/** What to list. */
export interface ListBlocksOptions {
  readonly store: ObjectStore;
  /** `…/blocks/`. */
  readonly prefix: string;
  readonly signal: AbortSignal;
  readonly onBlock: (block: ListedBlock) => void;
}

/**
 * Lists all blocks below a prefix flat, without a HEAD; returns the number of pages. A page of more than 1,000 shows by where
 * it ends how much follows: the rest is listed in up to 16 parts at once. A block may be reported twice. On a store that does
 * not list in byte order one page follows the other. Throws the store's error.
 */
export async function listBlocks(options: ListBlocksOptions): Promise<number> {
  const { store, prefix, signal } = options;
  if (!store.capabilities.flatList) return await listSerially(options);
  const first = await store.list({ prefix, signal });
  takePage(options, first.objects);
  if (first.continuation === undefined) return 1;
  const reached = folderNumber(prefix, first.objects.at(-1)?.key);
  if (reached === undefined) return 1 + (await listSerially(options));
  const parts = Math.min(MAX_PARTS, Math.ceil(FOLDERS / (reached + 1)));
  const step = Math.ceil((FOLDERS - reached) / parts);
  const starts = Array.from({ length: parts }, (_, part) => reached + part * step).filter((start) => start < FOLDERS);
  const pages = await Promise.all(starts.map(async (start) => await listPart(options, start, start + step)));
  if (pages.every((count) => count !== undefined)) return pages.reduce((sum, count) => sum + count, 1);
  return 1 + (await listSerially(options));
}

async function listSerially(options: ListBlocksOptions): Promise<number> {
  let pages = 0;
  for await (const page of listPages(options.store, options)) {
    takePage(options, page.objects);
    pages += 1;
  }
  return pages;
}

// Folders `start` to before `end`; `undefined` when the store does not list in byte order.
async function listPart(options: ListBlocksOptions, start: number, end: number): Promise<number | undefined> {
  const { store, prefix, signal } = options;
  const endKey = end < FOLDERS ? `${prefix}${folderName(end)}` : undefined;
  let startAfter = `${prefix}${folderName(start)}`;
  for (let pages = 1; ; pages++) {
    const page = await store.list({ prefix, startAfter, signal });
    takePage(options, page.objects);
    let last = startAfter;
    for (const { key } of page.objects) {
      if (compareKeys(key, last) <= 0) return undefined;
      last = key;
    }
    if (page.continuation === undefined || (endKey !== undefined && compareKeys(last, endKey) >= 0)) return pages;
    if (last === startAfter) return undefined;
    startAfter = last;
  }
}

function takePage({ prefix, onBlock }: ListBlocksOptions, objects: readonly StoredObject[]): void {
  for (const object of objects) {
    const [, first, second, checksum] = BLOCK_FILE.exec(object.key.slice(prefix.length)) ?? [];
    // In a folder where no reader looks for it, or empty, it is no block.
    if (checksum === undefined || first === undefined || second === undefined || object.size === 0) continue;
    if (checksum.startsWith(first + second)) onBlock({ checksum, object });
  }
}

function folderNumber(prefix: string, key: string | undefined): number | undefined {
  const [, first, second] = BLOCK_FILE.exec(key?.slice(prefix.length) ?? '') ?? [];
  return first === undefined || second === undefined ? undefined : parseInt(first + second, 16);
}

function folderName(number: number): string {
  const hex = number.toString(16).padStart(4, '0');
  return `${hex.slice(0, 2)}/${hex.slice(2)}`;
}
