import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Slots } from '../create/slots.ts';
import type { Lz4Job, Lz4Reply } from './lz4-worker.ts';

// More threads than cores only take memory: about 10 MiB each, and two blocks.
const MAX_THREADS = 4;
// What frames add to data that does not shrink: 4 bytes for each 64 KiB, header and end; taken generously.
const OVERHEAD_BYTES = 64 * 1024;
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 128 };

/** One LZ4 frame as Longhorn writes them: independent blocks, content checksum; made in a thread. */
export async function compressLz4Frame(block: Uint8Array): Promise<Buffer> {
  return await runInThread(
    'compress',
    block,
    block.length + OVERHEAD_BYTES + Math.ceil(block.length / OVERHEAD_BYTES) * 4,
  );
}

/**
 * The content of one frame; throws for a bad header, block or checksum, or more than `maxBytes`. Structure must have been
 * checked before.
 */
export async function decompressLz4Frame(frame: Buffer, maxBytes: number): Promise<Buffer> {
  return await runInThread('decompress', frame, maxBytes);
}

/**
 * A thread that does one job at a time, in two buffers that are shared with it and kept. Threads of our own and not lz4-napi's
 * promises: those keep 270 MiB, for its allocator gives memory back only to the thread that took it.
 */
class Lz4Thread {
  isAlive = true;
  readonly #worker: Worker;
  #input = new SharedArrayBuffer(0);
  #output = new SharedArrayBuffer(0);

  constructor(url: URL, workerData: string) {
    this.#worker = new Worker(url, { workerData, execArgv: [], resourceLimits: LIMITS });
    this.#worker.unref();
    const onEnd = (): void => {
      this.isAlive = false;
    };
    this.#worker.once('exit', onEnd).on('error', onEnd);
  }

  async run(kind: Lz4Job['kind'], data: Uint8Array, maxBytes: number): Promise<Buffer> {
    if (this.#input.byteLength < data.length) this.#input = new SharedArrayBuffer(data.length);
    if (this.#output.byteLength < maxBytes) this.#output = new SharedArrayBuffer(maxBytes);
    new Uint8Array(this.#input).set(data);
    const job: Lz4Job = { kind, input: this.#input, inputBytes: data.length, output: this.#output };
    this.#worker.ref();
    try {
      const answered = once(this.#worker, 'message') as Promise<[Lz4Reply]>;
      this.#worker.postMessage(job);
      const [reply] = await answered;
      if (typeof reply !== 'number') throw reply;
      const result = Buffer.allocUnsafeSlow(reply);
      result.set(new Uint8Array(this.#output, 0, reply));
      return result;
    } finally {
      this.#worker.unref();
    }
  }
}

const slots = new Slots(Math.min(availableParallelism(), MAX_THREADS));
const idle: Lz4Thread[] = [];

async function runInThread(kind: Lz4Job['kind'], data: Uint8Array, maxBytes: number): Promise<Buffer> {
  const { LZ4_WORKER, lz4WorkerUrl } = await import('./lz4-worker.ts');
  return await slots.run(async () => {
    const thread = idle.pop() ?? new Lz4Thread(lz4WorkerUrl, LZ4_WORKER);
    try {
      return await thread.run(kind, data, maxBytes);
    } finally {
      if (thread.isAlive) idle.push(thread);
    }
  });
}
