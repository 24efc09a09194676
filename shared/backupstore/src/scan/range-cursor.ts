import { compareKeys, parseVolumeKey } from '../layout.ts';
import type { ListPage, StoredObject } from '../store.ts';
import type { ScanCollector } from './collector.ts';
import { isWithin, nextStart, type KeyRange } from './key-ranges.ts';
import { skippedFolderOf, VolumeBuilder } from './volume-builder.ts';

/** What a page held for its range. */
export interface TakenPage {
  /** Keys that belong to the range. */
  readonly keys: number;
  /** How many of the last ones were in folders to be skipped. */
  readonly tail: number;
  /** Whether the page went beyond the end of the range. */
  readonly hasEnded: boolean;
}

/** How far one range has been scanned, and the volume at that place. */
export class RangeCursor {
  /** LISTs made. */
  lists = 0;
  /** Volume folders met. */
  volumes = 0;
  /** End of the range; a split moves it forward. */
  end: string | undefined;
  readonly start: string;
  readonly #collector: ScanCollector;
  readonly #divided: Map<string, VolumeBuilder>;
  #after: string;
  #open: VolumeBuilder | undefined;

  /** `divided` takes volumes that have a boundary of ranges inside them, by folder: their parts come from several ranges. */
  constructor(range: KeyRange, collector: ScanCollector, divided: Map<string, VolumeBuilder>) {
    this.start = range.after;
    this.#after = range.after;
    this.end = range.end;
    this.#collector = collector;
    this.#divided = divided;
  }

  /** What is left of the range. */
  get rest(): KeyRange {
    return this.end === undefined ? { after: this.#after } : { after: this.#after, end: this.end };
  }

  /** Takes a page's objects up to the end of the range, and moves on behind them. Throws what `onVolume` throws; then the place is where it was met. */
  async take(page: ListPage): Promise<TakenPage> {
    let keys = 0;
    let tail = 0;
    this.lists += 1;
    for (const object of page.objects) {
      if (!isWithin(object.key, this.rest)) return { keys, tail, hasEnded: true };
      tail = (await this.#takeObject(object)) ? tail + 1 : 0;
      keys += 1;
      this.#after = object.key;
    }
    const last = page.objects.at(-1);
    if (last !== undefined) this.#after = nextStart(last.key);
    return { keys, tail, hasEnded: this.end !== undefined && compareKeys(this.#after, this.end) >= 0 };
  }

  /** The range is done: the volume at its end is complete, unless the boundary lies inside it. */
  async close(): Promise<void> {
    await this.#finishOpen();
  }

  /** The range is given up for now: keeps what is known of the volume at this place. */
  keepOpenVolume(): void {
    if (this.#open !== undefined) this.#keepDivided(this.#open);
    this.#open = undefined;
  }

  // Whether the object was one to skip.
  async #takeObject(object: StoredObject): Promise<boolean> {
    const parsed = parseVolumeKey(object.key);
    if (parsed === undefined) {
      // Folder markers (`…/volumes/`, `…/ff/`) that some tools create are nothing.
      if (!object.key.endsWith('/')) this.#collector.foreign(object.key);
      return false;
    }
    if (this.#open?.folder !== parsed.folder) {
      await this.#finishOpen();
      this.#open = new VolumeBuilder(parsed.folder, parsed.volume);
      this.volumes += 1;
    }
    this.#open.add(parsed.rest, object);
    return skippedFolderOf(parsed.rest) !== undefined;
  }

  async #finishOpen(): Promise<void> {
    const builder = this.#open;
    if (builder === undefined) return;
    const { folder } = builder;
    const isDivided =
      this.start.startsWith(folder) || this.end?.startsWith(folder) === true || this.#divided.has(folder);
    if (isDivided) this.#keepDivided(builder);
    else await this.#collector.finish(builder);
    this.#open = undefined;
  }

  #keepDivided(builder: VolumeBuilder): void {
    const known = this.#divided.get(builder.folder);
    if (known === undefined) this.#divided.set(builder.folder, builder);
    else known.merge(builder);
  }
}
