import type * as libc from './libc.ts';

/** The calls of the C library that Node lacks. */
export type Libc = typeof libc;

let loading: Promise<Libc | undefined> | undefined;

/** Loads {@link Libc}; `undefined` on a platform without it, where holes are not seen and zeros are written. */
export async function loadLibc(): Promise<Libc | undefined> {
  loading ??= process.platform === 'linux' ? import('./libc.ts').catch(() => undefined) : Promise.resolve(undefined);
  return await loading;
}
