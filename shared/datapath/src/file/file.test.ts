import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import type { ByteRange, SnapshotReader } from '../engine.ts';
import { isDataPathError, type DataPathErrorCode } from '../errors.ts';
import { FileDataPath } from './file-data-path.ts';
import { openFileDestination } from './file-destination.ts';
import { openFileReader } from './file-reader.ts';

const MIB = 1024 * 1024;

async function sparseFile(ranges: readonly ByteRange[], sizeBytes: number): Promise<string> {
  const file = path.join(await temporaryFolder('datapath'), 'volume.img');
  const handle = await open(file, 'w');
  await handle.truncate(sizeBytes);
  for (const { offset, length } of ranges) await handle.write(randomBytes(length), 0, length, offset);
  await handle.close();
  return file;
}

async function rangesOf(reader: SnapshotReader): Promise<ByteRange[]> {
  const ranges = reader.changedRanges();
  expect(ranges).not.to.equal('unknown');
  const found: ByteRange[] = [];
  for await (const range of ranges as AsyncIterable<ByteRange>) found.push(range);
  return found;
}

async function rangesIn(file: string): Promise<ByteRange[]> {
  const reader = await openFileReader(file);
  try {
    return await rangesOf(reader);
  } finally {
    await reader.close();
  }
}

async function codeOf(work: Promise<unknown>): Promise<DataPathErrorCode | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (isDataPathError(error)) return error.code;
    throw error;
  }
}

describe('a file opened for reading', () => {
  it('shows where it has data, without reading it', async () => {
    const ranges = [
      { offset: 0, length: 4096 },
      { offset: 10 * MIB, length: MIB },
      { offset: 64 * MIB - 8192, length: 8192 },
    ];
    const reader = await openFileReader(await sparseFile(ranges, 64 * MIB));
    expect(reader.sizeBytes).to.equal(64 * MIB);
    expect(await rangesOf(reader)).to.deep.equal(ranges);
    expect(reader.changedRanges('snap-1')).to.equal('unknown');
    await reader.close();
    await reader.close();
  });

  it('has no data when it is one hole, and nothing when it is empty', async () => {
    for (const size of [MIB, 0]) expect(await rangesIn(await sparseFile([], size))).to.deep.equal([]);
  });

  it('reads whole ranges, also from several readers at once', async () => {
    const file = await sparseFile([{ offset: 0, length: 3 * MIB }], 4 * MIB);
    const content = await readFile(file);
    const reader = await openFileReader(file);
    await Promise.all(
      Array.from({ length: 16 }, async (_, index) => {
        const [offset, length] = [index * 200_001, 300_007];
        const buffer = Buffer.alloc(length + 10);
        await reader.read(offset, length, buffer);
        expect(buffer.subarray(0, length).equals(content.subarray(offset, offset + length))).to.equal(true);
      }),
    );
    await reader.close();
  });

  it('fails with SourceChanged when it becomes shorter, and when it was written to', async () => {
    const file = await sparseFile([{ offset: 0, length: MIB }], MIB);
    const reader = await openFileReader(file);
    await reader.assertUnchanged?.();
    const handle = await open(file, 'r+');
    await handle.truncate(1000);
    expect(await codeOf(reader.read(0, MIB, Buffer.alloc(MIB)))).to.equal('SourceChanged');
    expect(await codeOf(reader.assertUnchanged!())).to.equal('SourceChanged');
    await reader.close();
    await handle.close();
  });

  it('fails with SourceNotFound when there is none, or it is a folder', async () => {
    const folder = await temporaryFolder('datapath');
    expect(await codeOf(openFileReader(path.join(folder, 'absent.img')))).to.equal('SourceNotFound');
    expect(await codeOf(openFileReader(folder))).to.equal('SourceNotFound');
  });
});

describe('a file opened as destination', () => {
  async function target(): Promise<string> {
    return path.join(await temporaryFolder('datapath'), 'restored.img');
  }

  it('shows nothing before the commit, then all of it, and stays sparse', async () => {
    const file = await target();
    const destination = await openFileDestination(file, { sizeBytes: 64 * MIB });
    await destination.write(8 * MIB, Buffer.alloc(MIB, 7));
    expect(await codeOf(openFileReader(file))).to.equal('SourceNotFound');
    await destination.commit();
    await destination.abort();
    const { size, blocks } = await stat(file);
    expect(size).to.equal(64 * MIB);
    expect(blocks * 512).to.be.at.most(2 * MIB);
    expect(await rangesIn(file)).to.deep.equal([{ offset: 8 * MIB, length: MIB }]);
  });

  it('leaves what was there when it is aborted, and nothing else', async () => {
    const file = await target();
    await writeFile(file, 'before');
    const destination = await openFileDestination(file, { sizeBytes: MIB });
    await destination.write(0, Buffer.alloc(MIB, 1));
    await destination.abort();
    await destination.abort();
    expect(await readFile(file, 'utf8')).to.equal('before');
    expect(await readdir(path.dirname(file))).to.deep.equal(['restored.img']);
  });

  it('keeps what is there when it is updated, and can make holes in it', async () => {
    const file = await sparseFile([{ offset: 0, length: 2 * MIB }], 2 * MIB);
    const before = await readFile(file);
    const destination = await openFileDestination(file, { sizeBytes: 4 * MIB, update: true });
    await destination.write(MIB, Buffer.alloc(4096, 9));
    await destination.punchHole(0, 4096);
    const back = Buffer.alloc(8192);
    await destination.read(0, 8192, back);
    await destination.commit();
    const after = await readFile(file);
    expect(after.length).to.equal(4 * MIB);
    expect(after.subarray(0, 4096).equals(Buffer.alloc(4096))).to.equal(true);
    expect(after.subarray(4096, MIB).equals(before.subarray(4096, MIB))).to.equal(true);
    expect(after.subarray(MIB, MIB + 4096).equals(Buffer.alloc(4096, 9))).to.equal(true);
    expect(back.equals(after.subarray(0, 8192))).to.equal(true);
    const [first] = await rangesIn(file);
    expect(first?.offset).to.equal(4096);
  });

  it('refuses what lies behind its end', async () => {
    const destination = await openFileDestination(await target(), { sizeBytes: MIB });
    expect(await codeOf(destination.write(MIB - 1, Buffer.alloc(2)))).to.equal('WriteFailed');
    await destination.abort();
  });

  it('is refused with InsufficientSpace where the disk is full', async function () {
    const full = '/dev/full';
    const destination = await openFileDestination(await target(), { sizeBytes: MIB });
    await destination.abort();
    const handle = await open(full, 'r+');
    const { toWriteError } = await import('./file-errors.ts');
    const error: unknown = await handle.write(Buffer.alloc(1)).catch((cause: unknown) => cause);
    expect(toWriteError(error, 'write').code).to.equal('InsufficientSpace');
    await handle.close();
  });
});

describe('snapshots of a file', () => {
  it('stay as they were while the file changes, keep its holes, and are taken once', async () => {
    const file = await sparseFile([{ offset: MIB, length: MIB }], 8 * MIB);
    const before = await readFile(file);
    const volume = new FileDataPath(file);
    const taken = await volume.takeSnapshot('snap-1');
    expect(taken).to.deep.include({ name: 'snap-1', sizeBytes: 8 * MIB });
    const handle = await open(file, 'r+');
    await handle.write(randomBytes(MIB), 0, MIB, 0);
    await handle.close();
    expect(await volume.takeSnapshot('snap-1')).to.deep.equal(taken);
    const reader = await volume.openSnapshot({ snapshot: 'snap-1' });
    expect(await rangesOf(reader)).to.deep.equal([{ offset: MIB, length: MIB }]);
    const content = Buffer.alloc(8 * MIB);
    await reader.read(0, content.length, content);
    expect(content.equals(before)).to.equal(true);
    await reader.close();
    await volume.takeSnapshot('snap-2');
    expect((await volume.listSnapshots()).map(({ name }) => name)).to.deep.equal(['snap-1', 'snap-2']);
    await volume.removeSnapshot('snap-1');
    await volume.removeSnapshot('snap-1');
    expect(await codeOf(volume.openSnapshot({ snapshot: 'snap-1' }))).to.equal('SourceNotFound');
  });

  it('are none of a file that is not there, and take no name that leads elsewhere', async () => {
    const volume = new FileDataPath(path.join(await temporaryFolder('datapath'), 'absent.img'));
    expect(await codeOf(volume.takeSnapshot('snap-1'))).to.equal('SourceNotFound');
    expect(await volume.listSnapshots()).to.deep.equal([]);
    for (const name of ['', '../x', '.x', 'a/b']) {
      expect(await codeOf(volume.openSnapshot({ snapshot: name })), name).to.equal('SourceNotFound');
    }
  });
});
