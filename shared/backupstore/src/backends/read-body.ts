import type { Readable } from 'node:stream';

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
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const whole = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    if (expected.length !== undefined && whole.length !== expected.length) {
      throw Object.assign(new Error('the body was cut short'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
    }
    return whole;
  } finally {
    expected.signal?.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}
