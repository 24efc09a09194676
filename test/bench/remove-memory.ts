/** Removes a backup from a volume of 5 million blocks that exists only while it is read, and says what memory that took at most. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  backupConfigKey,
  blocksPrefix,
  encodeBackupConfig,
  encodeVolumeConfig,
  removeBackup,
  StoreError,
  volumeConfigKey,
  type BackupConfig,
  type GetOptions,
  type KeyOptions,
  type ListOptions,
  type ListPage,
  type ObjectContent,
  type ObjectInfo,
  type ObjectStore,
  type PutOptions,
  type PutResult,
  type StoreCapabilities,
} from '@mooring/backupstore';

const VOLUME = 'pvc-huge';
const BLOCKS = Number(process.env['BENCH_KEYS'] ?? 5_000_000);
const BLOCK_BYTES = 2 * 1024 * 1024;
const PAGE = 1000;
const MTIME_MS = Date.UTC(2026, 0, 1);
// Fixed width, so that any range of the config can be made by itself.
const FIRST_OFFSET = 10 ** 13;

const PREFIX = blocksPrefix(VOLUME);
const word = Buffer.alloc(8);

/** 64 hex digits that differ in their first half as a checksum's do, made cheaply. */
function checksumOf(n: number): string {
  let h = Math.imul(n + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  word.writeUInt32BE((h ^ (h >>> 13)) >>> 0);
  word.writeUInt32BE(n, 4);
  return word.toString('hex').repeat(4);
}

function keyOf(checksum: string): string {
  return `${PREFIX}${checksum.slice(0, 2)}/${checksum.slice(2, 4)}/${checksum}.blk`;
}

class HugeStore implements ObjectStore {
  readonly capabilities: StoreCapabilities = {
    scheme: 's3',
    flatList: true,
    conditionalPut: true,
    conditionalReplace: false,
    batchDelete: true,
    etags: true,
  };
  removed = 0;
  lists = 0;
  readonly #small = new Map<string, { body: Buffer; mtimeMs: number }>();
  readonly #head: Buffer;
  readonly #tail: Buffer;
  readonly #kept = backupConfigKey(VOLUME, 'backup-kept');
  // The first of every five is used by nothing.
  readonly #used = BLOCKS - Math.ceil(BLOCKS / 5);

  constructor() {
    const [head = '', tail = ''] = encodeBackupConfig(configOf(this.#used))
      .toString()
      .split('{"Offset":0,"BlockChecksum":"@"}');
    this.#head = Buffer.from(head);
    this.#tail = Buffer.from(tail);
  }

  get #size(): number {
    return this.#head.length + this.#used * ELEMENT_BYTES - 1 + this.#tail.length;
  }

  async list({ prefix, continuation }: ListOptions): Promise<ListPage> {
    await nextTurn();
    this.lists += 1;
    if (!prefix.endsWith('/blocks/')) {
      const keys = [...this.#small.keys(), this.#kept].filter((key) => key.startsWith(prefix));
      return { objects: keys.map((key) => ({ key, ...this.#info(key) })), prefixes: [] };
    }
    const start = Number(continuation ?? 0);
    const count = Math.min(PAGE, BLOCKS - start);
    const objects = Array.from({ length: count }, (_, n) => ({
      ...{ key: keyOf(checksumOf(start + n)), size: 1, mtimeMs: MTIME_MS, etag: 'e' },
    }));
    return { objects, prefixes: [], ...(start + count < BLOCKS && { continuation: String(start + count) }) };
  }

  async head({ key }: KeyOptions): Promise<ObjectInfo> {
    await nextTurn();
    return this.#info(key);
  }

  async get({ key, range }: GetOptions): Promise<ObjectContent> {
    await nextTurn();
    const info = this.#info(key);
    const start = range?.start ?? 0;
    const end = Math.min(range?.end ?? info.size - 1, info.size - 1);
    const body = key === this.#kept ? this.#slice(start, end + 1) : this.#small.get(key)?.body.subarray(start, end + 1);
    return { body: body ?? Buffer.alloc(0), ...info };
  }

  async put({ key, body }: PutOptions): Promise<PutResult> {
    await nextTurn();
    this.#small.set(key, { body: Buffer.from(body), mtimeMs: Date.now() });
    return { etag: 'e' };
  }

  async delete(keys: readonly string[]): Promise<void> {
    await nextTurn();
    for (const key of keys) if (!this.#small.delete(key)) this.removed += 1;
  }

  close(): void {
    // Nothing is open.
  }

  #info(key: string): ObjectInfo {
    if (key === this.#kept) return { size: this.#size, mtimeMs: MTIME_MS, etag: 'e' };
    const found = this.#small.get(key);
    if (found === undefined) throw new StoreError('NotFound', { action: `read object '${key}'`, key });
    return { size: found.body.length, mtimeMs: found.mtimeMs, etag: 'e' };
  }

  // Bytes `start` to `end` of a config of hundreds of megabytes.
  #slice(start: number, end: number): Buffer {
    const listStart = this.#head.length;
    const first = Math.max(0, Math.floor((start - listStart) / ELEMENT_BYTES));
    const last = Math.min(this.#used, Math.ceil((end - listStart) / ELEMENT_BYTES) + 1);
    const list = Buffer.allocUnsafe((last - first) * ELEMENT_BYTES);
    for (let index = first; index < last; index++) {
      // Of every five, the last four are used.
      const n = Math.floor(index / 4) * 5 + (index % 4) + 1;
      list.write(`${elementOf(index, checksumOf(n))},`, (index - first) * ELEMENT_BYTES, 'latin1');
    }
    const isEnd = last === this.#used;
    const whole = Buffer.concat([
      ...(first === 0 ? [this.#head] : []),
      isEnd ? list.subarray(0, list.length - 1) : list,
      ...(isEnd ? [this.#tail] : []),
    ]);
    const offset = first === 0 ? 0 : listStart + first * ELEMENT_BYTES;
    return whole.subarray(start - offset, end - offset);
  }
}

function elementOf(index: number, checksum: string): string {
  return `{"Offset":${String(FIRST_OFFSET + index * BLOCK_BYTES)},"BlockChecksum":"${checksum}"}`;
}

const ELEMENT_BYTES = elementOf(0, checksumOf(0)).length + 1;

function configOf(blocks: number): BackupConfig {
  return {
    ...{ name: 'backup-kept', volumeName: VOLUME, snapshotName: 's', snapshotCreatedAt: '2026-01-01T00:00:00Z' },
    ...{ createdTime: '2026-01-01T00:00:00Z', size: String(blocks * BLOCK_BYTES), labels: null, parameters: null },
    ...{ isIncremental: false, compressionMethod: 'lz4', newlyUploadedDataSize: '0', reUploadedDataSize: '0' },
    ...{ processingBlocks: 'null', blocks: [{ offset: 0, checksum: '@' }], singleFilePath: '' },
  };
}

const store = new HugeStore();
await store.put({
  key: volumeConfigKey(VOLUME),
  body: encodeVolumeConfig({
    ...{ name: VOLUME, size: '1', labels: null, createdTime: '2026-01-01T00:00:00Z', lastBackupName: 'backup-kept' },
    ...{ lastBackupAt: '2026-01-01T00:00:00Z', blockCount: '0', backingImageName: '', backingImageChecksum: '' },
    ...{ compressionMethod: 'lz4', storageClassName: '', dataEngine: 'v1' },
  }),
});
const startedMs = performance.now();
const result = await removeBackup({ store, volume: VOLUME, backup: 'backup-gone' });
const peakMib = process.resourceUsage().maxRSS / 1024;
console.log(
  `remove a backup among ${String(BLOCKS)} block keys: peak ${peakMib.toFixed(0)} MiB, ${((performance.now() - startedMs) / 1000).toFixed(1)} s of ${String(store.lists)} LISTs, ${JSON.stringify(result)}`,
);
