/**
 * As `Promise.all`, but ends only when all have ended: nothing goes on writing when a lock is given back. Throws the first
 * failure, in the order given.
 */
export async function settleAll<const T extends readonly Promise<unknown>[]>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(promises);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as never;
}
