import type { Readable } from 'node:stream';

// A length beyond this is not believed before the bytes are there.
const MAX_PREPARED_BYTES = 64 * 1024 * 1024;

/** What a body must be. */
export interface BodyExpectation {
  /** Bytes announced; `undefined` when not announced. */
  readonly length: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a body to its end. On any error or abort the stream is destroyed, so that its socket is never left half-read
 * (aws-sdk-js-v3 #6691: such sockets are lost to the pool). Throws `ERR_STREAM_PREMATURE_CLOSE` for a body cut short.
 */
export async function readBody(body: unknown, expected: BodyExpectation): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0);
  // Both SDKs give a Node stream here, and type it as something wider.
  const stream = body as Readable;
  const onAbort = (): void => {
    stream.destroy(Object.assign(new Error('aborted'), { name: 'AbortError' }));
  };
  if (expected.signal?.aborted === true) onAbort();
  expected.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const whole = await collect(stream, expected.length);
    if (expected.length !== undefined && whole.length !== expected.length) {
      throw Object.assign(new Error('the body was cut short'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
    }
    return whole;
  } finally {
    expected.signal?.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

// Into one buffer where the length is known: pieces that are joined at the end take twice the memory for that moment.
async function collect(stream: Readable, length: number | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const whole = length !== undefined && length <= MAX_PREPARED_BYTES ? Buffer.allocUnsafeSlow(length) : undefined;
  let filled = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (whole === undefined) chunks.push(chunk);
    else chunk.copy(whole, filled);
    filled += chunk.length;
  }
  if (whole === undefined) return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  // One that is longer than announced is as wrong as one cut short.
  return filled === whole.length ? whole : Buffer.alloc(filled);
}
