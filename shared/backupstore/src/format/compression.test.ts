import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { isStoreError, type StoreErrorCode } from '../errors.ts';
import { storeChecksum } from '../layout.ts';
import { compressBlock, compressionMethods, decompressBlock, parseCompressionMethod } from './compression.ts';

const STORE = path.resolve(import.meta.dirname, '../../../../test/fixtures/longhorn-store/store');
const MIB = 1024 * 1024;
const options = { key: 'backupstore/x.blk', maxBytes: 2 * MIB };

async function codeOf(work: Promise<unknown>): Promise<StoreErrorCode | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (isStoreError(error)) return error.code;
    throw error;
  }
}

// Bytes that look random, and are the same in each run.
function noise(length: number): Buffer {
  const parts: Buffer[] = [];
  for (let n = 0; n * 64 < length; n++) parts.push(createHash('sha512').update(String(n)).digest());
  return Buffer.concat(parts).subarray(0, length);
}

describe('compression of blocks', () => {
  for (const method of compressionMethods) {
    it(`gives back what ${method} has compressed, of any size up to 16 MiB`, async () => {
      for (const block of [
        Buffer.alloc(0),
        Buffer.from('x'),
        noise(65_537),
        noise(2 * MIB),
        Buffer.alloc(2 * MIB, 65),
        Buffer.alloc(16 * MIB),
      ]) {
        const body = Buffer.from(await compressBlock(method, block));
        const back = await decompressBlock(method, body, { ...options, maxBytes: block.length });
        expect(back.equals(block), `${method} of ${String(block.length)} bytes`).to.equal(true);
      }
    });
  }

  it('writes the headers that Longhorn writes', async () => {
    for (const size of [2 * MIB, 16 * MIB]) {
      const lz4 = Buffer.from(await compressBlock('lz4', noise(size)));
      expect(lz4.subarray(0, 7).toString('hex')).to.equal('04224d186470b9');
    }
    const gzip = Buffer.from(await compressBlock('gzip', noise(2 * MIB)));
    expect(gzip.subarray(0, 10).toString('hex')).to.equal('1f8b08000000000000ff');
  });

  it('stores what cannot be compressed raw, in 19 bytes more', async () => {
    expect((await compressBlock('lz4', noise(2 * MIB))).length).to.equal(2 * MIB + 19);
  });

  it('reads every block that Longhorn itself wrote, also under the wrong one of its two methods', async () => {
    const files = readdirSync(STORE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.blk'));
    expect(files.length).to.be.greaterThan(10);
    for (const file of files.filter((name) => !name.includes('pvc-none'))) {
      const body = readFileSync(path.join(STORE, file));
      for (const method of ['gzip', 'lz4'] as const) {
        const block = await decompressBlock(method, body, { key: file, maxBytes: 16 * MIB });
        expect(storeChecksum(block)).to.equal(path.basename(file, '.blk'));
      }
    }
  });

  it('takes concatenated frames and skippable ones, as the Go reader does', async () => {
    const [first, second] = [noise(100_000), noise(50_000)];
    const skippable = Buffer.from('502a4d1803000000414243', 'hex');
    const body = Buffer.concat([skippable, await compressBlock('lz4', first), await compressBlock('lz4', second)]);
    const back = await decompressBlock('lz4', body, options);
    expect(back.equals(Buffer.concat([first, second]))).to.equal(true);
  });

  it('refuses a cut body at any length, and anything behind it', async () => {
    const block = Buffer.alloc(5000, 'abc');
    for (const method of ['lz4', 'gzip'] as const) {
      const body = Buffer.from(await compressBlock(method, block));
      for (let length = 0; length < body.length; length++) {
        const code = await codeOf(decompressBlock(method, body.subarray(0, length), options));
        expect(code, String(length)).to.equal('Corrupt');
      }
    }
    const body = Buffer.concat([await compressBlock('lz4', block), Buffer.from('garbage')]);
    expect(await codeOf(decompressBlock('lz4', body, options))).to.equal('Corrupt');
    expect(await codeOf(decompressBlock('lz4', block, options))).to.equal('Corrupt');
  });

  it('refuses a body that would fill memory', async () => {
    const bomb = Buffer.alloc(64 * MIB);
    expect(await codeOf(decompressBlock('gzip', gzipSync(bomb), options))).to.equal('Corrupt');
    expect(await codeOf(decompressBlock('lz4', Buffer.from(await compressBlock('lz4', bomb)), options))).to.equal(
      'Corrupt',
    );
  });

  it('goes on after blocks that fail, with any number at once', async () => {
    const block = noise(MIB);
    const sound = Buffer.from(await compressBlock('lz4', block));
    const damaged = Buffer.from(sound);
    damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1;
    const bodies = Array.from({ length: 24 }, (_, n) => (n % 2 === 0 ? sound : damaged));
    const results = await Promise.allSettled(bodies.map(async (body) => decompressBlock('lz4', body, options)));
    for (const [n, result] of results.entries()) {
      expect(result.status).to.equal(n % 2 === 0 ? 'fulfilled' : 'rejected');
      if (result.status === 'fulfilled') expect(result.value.equals(block)).to.equal(true);
    }
  });

  it('answers any bytes with a block or with Corrupt', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.uint8Array({ maxLength: 200 }).map((tail) => Buffer.concat([Buffer.from('04224d186470b9', 'hex'), tail])),
          fc.uint8Array({ maxLength: 200 }).map((tail) => Buffer.concat([Buffer.from('1f8b0800', 'hex'), tail])),
        ),
        fc.constantFrom('lz4', 'gzip'),
        async (bytes, method) => {
          const code = await codeOf(decompressBlock(method, Buffer.from(bytes), options));
          expect(code ?? 'Corrupt').to.equal('Corrupt');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('takes an empty method as gzip, and refuses an unknown one', () => {
    expect(parseCompressionMethod('')).to.equal('gzip');
    expect(parseCompressionMethod('lz4')).to.equal('lz4');
    expect(() => parseCompressionMethod('zstd')).to.throw('unsupported compression method: zstd');
  });
});
