import { ManualClock } from '@mooring/runtime/clock';
import { expect } from 'chai';
import { StatusWriter } from './status-writer.ts';

interface Rig {
  readonly clock: ManualClock;
  readonly writer: StatusWriter;
  readonly patches: { atMs: number; status: object }[];
  readonly errors: unknown[];
  /** What the API server answers next; default: it takes it. */
  failNext: unknown;
}

function createRig(patch?: () => Promise<void>): Rig {
  const clock = new ManualClock();
  const rig: Rig = {
    clock,
    patches: [],
    errors: [],
    failNext: undefined,
    writer: new StatusWriter({
      clock,
      onError: (error) => rig.errors.push(error),
      patch: async (status) => {
        rig.patches.push({ atMs: clock.monotonic(), status });
        const { failNext } = rig;
        rig.failNext = undefined;
        if (failNext !== undefined) throw failNext as Error;
        await patch?.();
      },
    }),
  };
  return rig;
}

describe('The writer of a status', () => {
  it('writes the first report at once, and later ones at most once a second with the newest of each member', async () => {
    const { clock, writer, patches } = createRig();
    for (let bytes = 0; bytes <= 250; bytes++) {
      writer.report({ bytes, ...(bytes === 100 && { state: 'InProgress' }) });
      await clock.advance(10);
    }
    await writer.end();
    expect(patches.map(({ atMs }) => atMs)).to.deep.equal([0, 1_000, 2_000, 2_510]);
    expect(patches.map(({ status }) => status)).to.deep.equal([
      { bytes: 0 },
      { bytes: 99 },
      { bytes: 199, state: 'InProgress' },
      { bytes: 250 },
    ]);
    expect(clock.pending).to.equal(0);
  });

  it('writes nothing at the end when nothing waits', async () => {
    const { clock, writer, patches } = createRig();
    writer.report({ bytes: 1 });
    await clock.advance(0);
    await writer.end();
    expect(patches).to.have.length(1);
  });

  it('writes at once what must be kept, with what waits, and throws when that fails', async () => {
    const rig = createRig();
    rig.writer.report({ bytes: 1 });
    await rig.clock.advance(0);
    rig.writer.report({ bytes: 2 });
    await rig.writer.write({ mark: 'a' });
    expect(rig.patches.at(-1)).to.deep.equal({ atMs: 0, status: { bytes: 2, mark: 'a' } });
    const away = new Error('away');
    rig.failNext = away;
    expect(await rig.writer.write({ mark: 'b' }).catch((error: unknown) => error)).to.equal(away);
    await rig.writer.end();
    expect(rig.patches.map(({ status }) => status)).to.deep.equal([
      { bytes: 1 },
      { bytes: 2, mark: 'a' },
      { mark: 'b' },
    ]);
  });

  it('writes a report that failed with the next one, and says so', async () => {
    const rig = createRig();
    rig.failNext = new Error('away');
    rig.writer.report({ state: 'InProgress', bytes: 1 });
    await rig.clock.advance(0);
    expect(rig.errors).to.have.length(1);
    rig.writer.report({ bytes: 2 });
    await rig.clock.advance(1_000);
    expect(rig.patches.at(-1)?.status).to.deep.equal({ state: 'InProgress', bytes: 2 });
    await rig.writer.end();
  });

  it('ends though the API server takes nothing any more', async () => {
    const rig = createRig(() => Promise.reject(new Error('away')));
    rig.writer.report({ bytes: 1 });
    await rig.clock.advance(2_000);
    await rig.writer.end();
    expect(rig.errors.length).to.be.greaterThan(1);
    expect(rig.clock.pending).to.equal(0);
  });

  it('has one request on its way at a time', async () => {
    let open = 0;
    let most = 0;
    const rig = createRig(async () => {
      most = Math.max(most, ++open);
      await Promise.resolve();
      open--;
    });
    rig.writer.report({ bytes: 1 });
    await Promise.all([rig.writer.write({ a: 1 }), rig.writer.write({ b: 1 }), rig.writer.write({ c: 1 })]);
    await rig.writer.end();
    expect(most).to.equal(1);
    expect(Object.assign({}, ...rig.patches.map(({ status }) => status))).to.deep.equal({ a: 1, b: 1, bytes: 1, c: 1 });
  });
});
