import { parseVolumeKey } from '../layout.ts';
import type { ListOptions, ListPage, ObjectStore } from '../store.ts';
import { assertOrdered } from './flat.ts';
import { nextStart } from './key-ranges.ts';
import { MAX_PAGE } from './page-size.ts';
import { VolumeBuilder } from './volume-builder.ts';

// Most volumes fit; one with thousands of blocks should not have a thousand of them listed for nothing.
const FIRST_PAGE = 250;

/**
 * Reads one volume folder by flat LISTs that skip `blocks/`: one where everything fits a page, two where there are many
 * blocks. `undefined` when there is no such folder. Throws the store's error, or `OrderViolation`.
 */
export async function readVolumeFlat(
  store: ObjectStore,
  folder: string,
  signal?: AbortSignal,
): Promise<VolumeBuilder | undefined> {
  const builder = new VolumeBuilder(folder, parseVolumeKey(folder)?.volume ?? '');
  let place: Place = { after: '', request: {} };
  for (let lists = 0; ; lists++) {
    const options = { prefix: folder, maxKeys: lists === 0 ? FIRST_PAGE : MAX_PAGE, ...place.request };
    const page = await store.list(signal === undefined ? options : { ...options, signal });
    assertOrdered(page, place.after, folder);
    for (const object of page.objects) builder.add(object.key.slice(folder.length), object);
    const next = placeAfter(page, place.after);
    if (next === undefined) return place.after === '' && page.objects.length === 0 ? undefined : builder;
    place = next;
  }
}

/** Where a page begins. */
interface Place {
  /** The key it starts after; `''` before the first key was seen. */
  readonly after: string;
  readonly request: Pick<ListOptions, 'startAfter' | 'continuation'>;
}

// Where the page after this one begins; `undefined` behind the last one.
function placeAfter(page: ListPage, after: string): Place | undefined {
  if (page.continuation === undefined) return undefined;
  const last = page.objects.at(-1);
  // An empty page that says more follows leaves no key to start after.
  if (last === undefined) return { after, request: { continuation: page.continuation } };
  const startAfter = nextStart(last.key);
  return { after: startAfter, request: { startAfter } };
}
