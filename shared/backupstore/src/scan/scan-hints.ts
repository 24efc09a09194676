import { compareKeys } from '../layout.ts';
import { ALL_VOLUMES, rangesBetween, type KeyRange } from './key-ranges.ts';
import { MAX_PAGE, MIN_PAGE } from './page-size.ts';

// Ranges kept for the next scan: enough to fill any in-flight limit, few enough to be nothing in memory.
const MAX_HINTS = 64;

/** One LIST of a scan: where it began, how many keys of it were wanted. */
export interface NotedList {
  readonly after: string;
  readonly keys: number;
  /** As in `KeyRange`: no place to begin at again. */
  readonly isCut: boolean;
}

/**
 * Remembers where the LISTs of the last scan began. The next scan begins its ranges at the same places, so that it makes
 * the same LISTs, only all at once. Wrong hints (the store has changed) cost a LIST or two, never a volume.
 */
export class ScanHints {
  #ranges: readonly KeyRange[] | undefined;

  /** The ranges to begin with; `undefined` before the first whole scan. */
  ranges(): readonly KeyRange[] | undefined {
    return this.#ranges;
  }

  /** A scan has ended well: its LISTs are for the next one. */
  learn(noted: readonly NotedList[]): void {
    const lists = noted.filter((list) => !list.isCut).sort((a, b) => compareKeys(a.after, b.after));
    const step = Math.max(1, Math.ceil(lists.length / MAX_HINTS));
    const firsts = lists.filter((_, index) => index % step === 0);
    const bounds = firsts.map((list) => list.after).filter((after) => after !== ALL_VOLUMES.after);
    this.#ranges = rangesBetween(ALL_VOLUMES, [...new Set(bounds)]).map((range, index) => {
      const expectedKeys = step > 1 ? undefined : sizeFor(firsts[index]?.keys);
      return { ...range, expectedLists: step, ...(expectedKeys !== undefined && { expectedKeys }) };
    });
  }
}

// A few keys more, so that the range stays one LIST when a backup is added.
function sizeFor(keys = MAX_PAGE): number {
  return Math.min(MAX_PAGE, Math.max(MIN_PAGE, Math.ceil(keys * 1.125) + 8));
}
