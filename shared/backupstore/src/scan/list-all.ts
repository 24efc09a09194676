import type { ListPage, ObjectStore, StoredObject } from '../store.ts';

/** All pages of a listing, one after the other, by the store's own continuation: right whatever its order. */
export async function* listPages(
  store: ObjectStore,
  options: { readonly prefix: string; readonly delimiter?: '/'; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<ListPage> {
  const { prefix, delimiter, signal } = options;
  let continuation: string | undefined;
  do {
    const page = await store.list({
      prefix,
      ...(delimiter !== undefined && { delimiter }),
      ...(continuation !== undefined && { continuation }),
      ...(signal !== undefined && { signal }),
    });
    yield page;
    continuation = page.continuation;
  } while (continuation !== undefined);
}

/** One folder: the objects directly in it, and its folders (with their trailing `/`). */
export interface Folder {
  readonly objects: readonly StoredObject[];
  readonly folders: readonly string[];
  /** LIST requests it took. */
  readonly lists: number;
}

/** Lists one folder, not deeper; `prefix` ends with `/`. */
export async function listFolder(store: ObjectStore, prefix: string, signal?: AbortSignal): Promise<Folder> {
  const objects: StoredObject[] = [];
  const folders: string[] = [];
  let lists = 0;
  for await (const page of listPages(store, { prefix, delimiter: '/', signal })) {
    lists += 1;
    objects.push(...page.objects);
    folders.push(...page.prefixes);
  }
  return { objects, folders, lists };
}
