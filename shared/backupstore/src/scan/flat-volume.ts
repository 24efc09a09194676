import { parseVolumeKey } from '../layout.ts';
import type { ObjectStore } from '../store.ts';
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
  const name = parseVolumeKey(folder)?.volume ?? '';
  const builder = new VolumeBuilder(folder, name);
  let isFound = false;
  let after: string | undefined;
  let continuation: string | undefined;
  do {
    const page = await store.list({
      prefix: folder,
      maxKeys: isFound ? MAX_PAGE : FIRST_PAGE,
      ...(continuation !== undefined ? { continuation } : after !== undefined && { startAfter: after }),
      ...(signal !== undefined && { signal }),
    });
    assertOrdered(page, after ?? '', folder);
    for (const object of page.objects) builder.add(object.key.slice(folder.length), object);
    const last = page.objects.at(-1);
    isFound ||= last !== undefined;
    if (page.continuation === undefined) break;
    // An empty page that says more follows leaves no key to start after.
    continuation = last === undefined ? page.continuation : undefined;
    if (last !== undefined) after = nextStart(last.key);
  } while (after !== undefined || continuation !== undefined);
  return isFound ? builder : undefined;
}
