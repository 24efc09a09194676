import type { ByteRange, SnapshotReader } from '../engine.ts';
import { expectCode, expectTrue, pattern, type DataPathCheck, type EngineRig } from './rig.ts';

const MIB = 1024 * 1024;

async function readAll(reader: SnapshotReader): Promise<Buffer> {
  const content = Buffer.alloc(reader.sizeBytes, 1);
  await reader.read(0, content.length, content);
  return content;
}

async function open({ engine }: EngineRig, snapshot: string, use: (reader: SnapshotReader) => Promise<void>) {
  const reader = await engine.openSnapshot({ snapshot });
  try {
    await use(reader);
  } finally {
    await reader.close();
    await reader.close();
  }
}

// Whatever is not in a range is the same in both; `undefined` for an engine that cannot tell.
async function checkRanges(ranges: AsyncIterable<ByteRange>, before: Buffer, now: Buffer): Promise<void> {
  let end = 0;
  for await (const { offset, length } of ranges) {
    expectTrue(offset >= end && length > 0 && offset + length <= now.length, 'ranges ascend, are disjoint and inside');
    expectTrue(
      now.subarray(end, offset).equals(before.subarray(end, offset)),
      `bytes ${String(end)} to ${String(offset)} are the same`,
    );
    end = offset + length;
  }
  expectTrue(now.subarray(end).equals(before.subarray(end)), `bytes from ${String(end)} on are the same`);
}

/** What holds for snapshots. */
export const snapshotChecks: readonly DataPathCheck[] = [
  {
    name: 'keeps a snapshot as it was while the volume changes',
    run: async (rig) => {
      await rig.change(4_096, pattern(MIB, 1));
      await rig.takeSnapshot('snap-1');
      const before = await rig.content();
      await open(rig, 'snap-1', async (reader) => {
        expectTrue(reader.sizeBytes === rig.sizeBytes, 'the snapshot has the size of the volume');
        await rig.change(0, pattern(rig.sizeBytes, 2));
        for (let times = 0; times < 2; times++)
          expectTrue((await readAll(reader)).equals(before), 'it reads as it was');
        await reader.assertUnchanged?.();
      });
    },
  },
  {
    name: 'leaves only zeros out of the allocated ranges, however often it is asked',
    run: async (rig) => {
      await rig.change(MIB + 100, pattern(5_000, 1));
      await rig.change(rig.sizeBytes - 10, pattern(10, 2));
      await rig.takeSnapshot('snap-1');
      await open(rig, 'snap-1', async (reader) => {
        const [now, zeros] = [await readAll(reader), Buffer.alloc(rig.sizeBytes)];
        for (let times = 0; times < 2; times++) {
          const ranges = reader.changedRanges();
          if (ranges !== 'unknown') await checkRanges(ranges, zeros, now);
        }
      });
    },
  },
  {
    name: 'leaves out of the changed ranges only what equals the base',
    run: async (rig) => {
      await rig.change(0, pattern(3 * MIB, 1));
      await rig.takeSnapshot('snap-1');
      const before = await rig.content();
      await rig.change(MIB, pattern(MIB + 7, 2));
      // Data that has become zeros has changed too.
      await rig.change(2 * MIB + 4_096, Buffer.alloc(8_192));
      await rig.takeSnapshot('snap-2');
      await open(rig, 'snap-2', async (reader) => {
        expectTrue(reader.changedRanges('absent') === 'unknown', 'it cannot tell against a base that is not there');
        const ranges = reader.changedRanges('snap-1');
        if (ranges !== 'unknown') await checkRanges(ranges, before, await readAll(reader));
      });
    },
  },
  {
    name: 'reads whole ranges of any alignment, several at once',
    run: async (rig) => {
      await rig.change(0, pattern(3 * MIB, 3));
      await rig.takeSnapshot('snap-1');
      const content = await rig.content();
      await open(rig, 'snap-1', async (reader) => {
        const read = async (offset: number, length: number): Promise<void> => {
          const buffer = Buffer.alloc(length + 8, 7);
          await reader.read(offset, length, buffer);
          expectTrue(buffer.subarray(0, length).equals(content.subarray(offset, offset + length)), 'the range is read');
          expectTrue(buffer.subarray(length).equals(Buffer.alloc(8, 7)), 'nothing behind it is touched');
        };
        await Promise.all(Array.from({ length: 12 }, (_, n) => read(n * 300_001, 400_009)));
      });
    },
  },
  {
    name: 'cuts nothing short: a range behind the end is an error',
    run: async (rig) => {
      await rig.takeSnapshot('snap-1');
      await open(rig, 'snap-1', async (reader) => {
        await expectCode(reader.read(rig.sizeBytes - 1, 2, Buffer.alloc(2)), 'SourceChanged', 'a read behind the end');
      });
    },
  },
  {
    name: 'says that a snapshot is not there',
    run: async ({ engine }) => {
      await expectCode(engine.openSnapshot({ snapshot: 'absent' }), 'SourceNotFound', 'opening an absent snapshot');
    },
  },
];
