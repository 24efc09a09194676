import { compareKeys, VOLUMES_PREFIX } from '../layout.ts';
import type { ListPage, ObjectStore } from '../store.ts';
import { ScanCollector } from './collector.ts';
import { ALL_VOLUMES, shareOf, splitEvenly, type KeyRange } from './key-ranges.ts';
import { MAX_PAGE, PageSize } from './page-size.ts';
import { RangeCursor, type TakenPage } from './range-cursor.ts';
import type { NotedList, ScanHints } from './scan-hints.ts';
import type { ScanOptions, ScanSummary } from './types.ts';
import type { VolumeBuilder } from './volume-builder.ts';

/** The store does not list in byte order, or ignores start-after: its flat listing cannot be trusted. */
export class OrderViolation extends Error {
  override readonly name = 'OrderViolation';
}

// Ranges scanned at once; how many requests that makes at once is the in-flight limit's to say.
const MAX_RANGES = 64;
// Fewer volumes say too little about how many more there are (their places in the hash space are random).
const MIN_SAMPLE = 8;
// Where each volume needs a LIST of its own, a further range (one LIST more) must save this many in a row.
const LISTS_PER_RANGE = 8;

// Another range has failed.
const STOPPED = new Error('stopped');

interface Shared {
  /** Still to be scanned. */
  readonly ranges: KeyRange[];
  readonly failures: unknown[];
}

/**
 * The skip-scan of design §4. Without a delimiter, pages hold whole volumes; one that ends inside `blocks/` is followed
 * by a LIST that starts behind it. The key space is cut into ranges that are scanned in parallel: as soon as enough of it
 * is known to say how much is left, and at later scans of the same store where the last scan's LISTs began (then no LIST
 * is added).
 *
 * LISTs: at most V + 1 where volumes have more than a page of blocks, about keys/1,000 where they have few, plus one for
 * each range. After an error, `run` again goes on where it stopped.
 */
export class FlatScan {
  readonly #store: ObjectStore;
  readonly #options: ScanOptions;
  readonly #hints: ScanHints;
  readonly #collector: ScanCollector;
  readonly #pageSize = new PageSize();
  readonly #divided = new Map<string, VolumeBuilder>();
  readonly #noted: NotedList[] = [];
  #ranges: KeyRange[] | undefined;

  constructor(store: ObjectStore, options: ScanOptions, hints: ScanHints) {
    this.#store = store;
    this.#options = options;
    this.#hints = hints;
    this.#collector = new ScanCollector(options);
  }

  /** Scans what is left. Throws the store's error, or {@link OrderViolation}. */
  async run(): Promise<ScanSummary> {
    this.#ranges ??= [...(this.#hints.ranges() ?? [ALL_VOLUMES])];
    await this.#scanRanges(this.#ranges);
    for (const [folder, builder] of this.#divided) {
      await this.#collector.finish(builder);
      this.#divided.delete(folder);
    }
    this.#hints.learn(this.#noted);
    return this.#collector.summary('flat');
  }

  // Takes ranges off the list, some at once; on an error the others end their LIST, and what is left of each is put back.
  async #scanRanges(ranges: KeyRange[]): Promise<void> {
    const failures: unknown[] = [];
    const running = new Set<Promise<void>>();
    const start = (range: KeyRange): void => {
      const run = this.#scanRange(range, { ranges, failures }).finally(() => {
        running.delete(run);
      });
      running.add(run);
    };
    for (;;) {
      while (failures.length === 0 && running.size < MAX_RANGES) {
        const range = ranges.shift();
        if (range === undefined) break;
        start(range);
      }
      if (running.size === 0) break;
      await Promise.race(running);
    }
    if (failures.length > 0) throw failures[0];
  }

  async #scanRange(range: KeyRange, shared: Shared): Promise<void> {
    const cursor = new RangeCursor(range, this.#collector, this.#divided);
    try {
      await this.#followRange(range, cursor, shared);
    } catch (error) {
      if (error !== STOPPED) shared.failures.push(error);
      cursor.keepOpenVolume();
      shared.ranges.push(cursor.rest);
    }
  }

  async #followRange(range: KeyRange, cursor: RangeCursor, shared: Shared): Promise<void> {
    let splitAt = MIN_SAMPLE;
    let continuation: string | undefined;
    for (;;) {
      if (shared.failures.length > 0) throw STOPPED;
      const { after } = cursor.rest;
      const page = await this.#list({
        after,
        continuation,
        maxKeys: cursor.lists === 0 ? range.expectedKeys : undefined,
      });
      assertOrdered(page, after);
      const taken = await cursor.take(page);
      this.#learn({ after, page, taken, isCut: cursor.lists === 1 && range.isCut === true });
      if (taken.hasEnded || page.continuation === undefined) break;
      // An empty page that says more follows leaves no key to start after.
      continuation = page.objects.length === 0 ? page.continuation : undefined;
      if (cursor.volumes >= splitAt && cursor.lists > (range.expectedLists ?? 0) * 2) {
        shared.ranges.push(...this.#split(range, cursor, page.objects.length));
        splitAt = cursor.volumes * 2;
      }
    }
    await cursor.close();
  }

  #learn({ after, page, taken, isCut }: { after: string; page: ListPage; taken: TakenPage; isCut: boolean }): void {
    this.#noted.push({ after, keys: taken.keys, isCut });
    if (!taken.hasEnded && page.objects.length > 0) this.#pageSize.learn(taken);
  }

  async #list(place: {
    after: string;
    continuation: string | undefined;
    maxKeys: number | undefined;
  }): Promise<ListPage> {
    const { after, continuation, maxKeys } = place;
    const { signal } = this.#options;
    this.#collector.lists += 1;
    return await this.#store.list({
      prefix: VOLUMES_PREFIX,
      ...(continuation === undefined ? { startAfter: after } : { continuation }),
      maxKeys: maxKeys ?? this.#pageSize.next(),
      ...(signal !== undefined && { signal }),
    });
  }

  // Gives away the later part of a range, judged by what was seen of it: many ranges while volumes are small (the LISTs
  // stay far fewer than the volumes), one for every few LISTs where each volume needs its own anyhow.
  #split(range: KeyRange, cursor: RangeCursor, pageKeys: number): KeyRange[] {
    const { rest } = cursor;
    const left = shareOf(rest);
    const seen = Math.max(shareOf(range) - left, 1 / 0x10000);
    const listsLeft = (left / seen) * cursor.lists;
    const isPacked = cursor.volumes > cursor.lists * MIN_SAMPLE;
    const wanted = Math.ceil(isPacked ? listsLeft * 2 : listsLeft / LISTS_PER_RANGE);
    const count = Math.min(MAX_RANGES, wanted);
    if (count < 2) return [];
    const keysEach = Math.ceil((listsLeft * pageKeys * 1.25) / count) + 16;
    const [own, ...others] = splitEvenly(rest, count);
    cursor.end = own?.end;
    const expectations = {
      expectedLists: Math.ceil(listsLeft / count) + LISTS_PER_RANGE,
      ...(isPacked ? { expectedKeys: Math.min(MAX_PAGE, keysEach) } : { isCut: true }),
    };
    return others.map((other) => ({ ...other, ...expectations }));
  }
}

/** Throws {@link OrderViolation} unless a page is strictly increasing, beyond its start and below `prefix`: else volumes could be missed in silence. */
export function assertOrdered(page: ListPage, startAfter: string, prefix = VOLUMES_PREFIX): void {
  let previous = startAfter;
  for (const { key } of page.objects) {
    if (!key.startsWith(prefix) || compareKeys(key, previous) <= 0) throw new OrderViolation();
    previous = key;
  }
}
