import type { DataPath } from '../engine.ts';
import { isDataPathError, type DataPathErrorCode } from '../errors.ts';

/** A volume of an engine, made anew for each check. */
export interface EngineRig {
  readonly engine: DataPath;
  /** Bytes of the volume, all zeros at first: a multiple of 1 MiB, 4 MiB or more. */
  readonly sizeBytes: number;
  /** Writes into the live volume, as a pod would. */
  readonly change: (offset: number, data: Buffer) => Promise<void>;
  readonly takeSnapshot: (name: string) => Promise<void>;
  /** All of the live volume. */
  readonly content: () => Promise<Buffer>;
}

/** One guarantee of the contract (`engine.ts`). */
export interface DataPathCheck {
  /** A sentence that says what holds, to follow on the engine's name. */
  readonly name: string;
  /** Throws {@link CheckFailed} when it does not hold, or the engine's error. */
  readonly run: (rig: EngineRig) => Promise<void>;
}

/** A guarantee does not hold; the message says which. */
class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}

/** Throws {@link CheckFailed} unless `condition`. */
export function expectTrue(condition: boolean, what: string): void {
  if (!condition) throw new CheckFailed(what);
}

/** Throws {@link CheckFailed} unless `work` fails with that code. */
export async function expectCode(work: Promise<unknown>, code: DataPathErrorCode, what: string): Promise<void> {
  let found: unknown = 'no error';
  try {
    await work;
  } catch (error) {
    found = isDataPathError(error) ? error.code : error;
  }
  expectTrue(found === code, `${what}: expected ${code}, got ${String(found)}`);
}

/** Bytes of which no two pages are the same, and which are the same in each run. */
export function pattern(length: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let n = 0; n < words.length; n++) words[n] = Math.imul(n + 1, 2_654_435_761) ^ Math.imul(seed, 40_503);
  return Buffer.from(words.buffer, 0, length);
}
