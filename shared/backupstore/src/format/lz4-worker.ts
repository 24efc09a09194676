// Loaded only by import(), so that a bundle makes a file of its own of it, which a worker can run. lz4-napi is imported
// statically: a bundle's import() of a native package has no named exports.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';

/** This file: a worker made with it and {@link LZ4_WORKER} as its `workerData` does one {@link Lz4Job} after the other. */
export const lz4WorkerUrl = new URL(import.meta.url);

/** Tells a worker that it is one. */
export const LZ4_WORKER = 'mooring-lz4-worker';

/** What a worker is asked. */
export interface Lz4Job {
  readonly kind: 'compress' | 'decompress';
  /** The first `inputBytes` are read. */
  readonly input: SharedArrayBuffer;
  readonly inputBytes: number;
  /** The result goes to its start. */
  readonly output: SharedArrayBuffer;
}

/** Bytes of the result, or why there is none. */
export type Lz4Reply = number | Error;

function work({ kind, input, inputBytes, output }: Lz4Job): number {
  const source = Buffer.from(input, 0, inputBytes);
  const result =
    kind === 'compress' ? compressFrameSync(source, { contentChecksum: true }) : decompressFrameSync(source);
  try {
    if (result.length > output.byteLength) throw new RangeError('the result is larger than its place');
    return result.copy(Buffer.from(output));
  } finally {
    // Frees it now: V8 does not see how large it is and would leave hundreds of megabytes to its next collection.
    (result.buffer as ArrayBuffer).transfer(0);
  }
}

function serve(job: Lz4Job): Lz4Reply {
  try {
    return work(job);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

if (!isMainThread && workerData === LZ4_WORKER) {
  parentPort?.on('message', (job: Lz4Job) => parentPort?.postMessage(serve(job)));
}
