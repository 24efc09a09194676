import { expectCode, expectTrue, pattern, type DataPathCheck } from './rig.ts';

const MIB = 1024 * 1024;

/** What holds for destinations. */
export const destinationChecks: readonly DataPathCheck[] = [
  {
    name: 'shows a restored volume at its commit, zeros where nothing was written',
    run: async ({ engine, sizeBytes, change, content }) => {
      await change(0, pattern(sizeBytes, 1));
      const destination = await engine.openDestination({ sizeBytes });
      const expected = Buffer.alloc(sizeBytes);
      const parts = [3, 0, 2].map((n) => ({ offset: n * MIB + n, data: pattern(MIB - 10 * n, n + 2) }));
      await Promise.all(
        parts.map(async ({ offset, data }) => {
          data.copy(expected, offset);
          await destination.write(offset, data);
          // The caller's again.
          data.fill(0);
        }),
      );
      const back = Buffer.alloc(MIB);
      await destination.read(2 * MIB, MIB, back);
      expectTrue(back.equals(expected.subarray(2 * MIB, 3 * MIB)), 'what was written reads back before the commit');
      await destination.commit();
      await destination.abort();
      expectTrue((await content()).equals(expected), 'the volume is what was written');
    },
  },
  {
    name: 'is what it was when a restore is aborted',
    run: async ({ engine, sizeBytes, change, content }) => {
      await change(0, pattern(MIB, 1));
      const before = await content();
      const destination = await engine.openDestination({ sizeBytes });
      await destination.write(0, pattern(2 * MIB, 2));
      expectTrue((await content()).equals(before), 'nothing shows before the commit');
      await destination.abort();
      await destination.abort();
      expectTrue((await content()).equals(before), 'nothing is left after the abort');
    },
  },
  {
    name: 'keeps what is there when it is updated, but for what is written or made a hole',
    run: async ({ engine, sizeBytes, change, content }) => {
      await change(0, pattern(3 * MIB, 1));
      const expected = await content();
      const destination = await engine.openDestination({ sizeBytes, update: true });
      const data = pattern(MIB, 2);
      data.copy(expected, 1_000);
      expected.fill(0, 2 * MIB, 2 * MIB + 70_000);
      await destination.write(1_000, data);
      await destination.punchHole(2 * MIB, 70_000);
      await destination.commit();
      expectTrue((await content()).equals(expected), 'only what was asked for has changed');
    },
  },
  {
    name: 'takes nothing behind its end',
    run: async ({ engine, sizeBytes }) => {
      const destination = await engine.openDestination({ sizeBytes });
      await expectCode(destination.write(sizeBytes - 1, Buffer.alloc(2)), 'WriteFailed', 'a write behind the end');
      await destination.abort();
    },
  },
];
