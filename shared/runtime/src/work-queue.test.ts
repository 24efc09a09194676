import { expect } from 'chai';
import fc from 'fast-check';
import { ManualClock } from './clock.ts';
import { WorkQueue } from './work-queue.ts';

describe('WorkQueue', () => {
  it('gives a key once, however often it was added', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(queue.length).to.equal(2);
    expect(await queue.get()).to.equal('a');
    expect(await queue.get()).to.equal('b');
    expect(queue.tryGet()).to.equal(undefined);
  });

  it('holds a key back while it is out, and gives it again after done', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    expect(await queue.get()).to.equal('a');
    queue.add('a');
    queue.add('a');
    expect(queue.tryGet()).to.equal(undefined);
    queue.done('a');
    expect(queue.tryGet()).to.equal('a');
    queue.done('a');
    expect(queue.length).to.equal(0);
  });

  it('wakes who waits', async () => {
    const queue = new WorkQueue();
    const waiting = [queue.get(), queue.get()];
    queue.add('a');
    queue.add('b');
    expect(await Promise.all(waiting)).to.deep.equal(['a', 'b']);
  });

  it('adds a key at the earliest of the times asked for, once', async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock });
    queue.addAfter('a', 5_000);
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 3_000);
    expect(queue.waiting).to.equal(1);
    await clock.advance(999);
    expect(queue.tryGet()).to.equal(undefined);
    await clock.advance(1);
    expect(queue.tryGet()).to.equal('a');
    queue.done('a');
    await clock.advance(10_000);
    expect(queue.tryGet()).to.equal(undefined);
    expect(clock.pending).to.equal(0);
  });

  it('doubles the delay of a failing key up to the cap, for ever, and starts anew after forget', () => {
    const queue = new WorkQueue({ clock: new ManualClock(), baseDelayMs: 5, maxDelayMs: 100 });
    const delays = Array.from({ length: 8 }, () => queue.addRateLimited('a'));
    expect(delays).to.deep.equal([5, 10, 20, 40, 80, 100, 100, 100]);
    for (let i = 0; i < 2_000; i++) queue.addRateLimited('a');
    expect(queue.addRateLimited('a')).to.equal(100);
    expect(queue.addRateLimited('b')).to.equal(5);
    queue.forget('a');
    expect(queue.numRequeues('a')).to.equal(0);
    expect(queue.addRateLimited('a')).to.equal(5);
  });

  it('waits longer when the other side asked for it', () => {
    const queue = new WorkQueue({ clock: new ManualClock() });
    expect(queue.addRateLimited('a', 7_000)).to.equal(7_000);
  });

  it('limits the retries of all keys together when it has a bucket', async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock, bucket: { ratePerSecond: 10, burst: 2 } });
    const delays = ['a', 'b', 'c', 'd'].map((key) => Math.round(queue.addRateLimited(key)));
    expect(delays).to.deep.equal([5, 5, 100, 200]);
    await clock.advance(10_000);
    expect(Math.round(queue.addRateLimited('e'))).to.equal(5);
  });

  it('gives out what is ready after shutdown, takes nothing more, and then ends', async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock });
    queue.add('a');
    queue.addAfter('later', 1_000);
    queue.shutDown();
    queue.add('b');
    expect(await queue.get()).to.equal('a');
    expect(await queue.get()).to.equal(undefined);
    expect(clock.pending).to.equal(0);
  });

  it('drains: waits for the keys that are out, also for those added meanwhile', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    expect(await queue.get()).to.equal('a');
    queue.add('a');
    let isDrained = false;
    const drained = queue.shutDownWithDrain().then(() => (isDrained = true));
    queue.done('a');
    await Promise.resolve();
    expect(isDrained).to.equal(false);
    expect(await queue.get()).to.equal('a');
    queue.done('a');
    await drained;
  });

  it('ends those who wait when it is shut down', async () => {
    const queue = new WorkQueue();
    const waiting = [queue.get(), queue.get()];
    queue.shutDown();
    expect(await Promise.all(waiting)).to.deep.equal([undefined, undefined]);
  });

  it('lets a lane have only so many keys out, and serves the lanes in turn', () => {
    const queue = new WorkQueue({ lane: (key) => key.charAt(0), laneConcurrency: 2 });
    for (const key of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2']) queue.add(key);
    const out = Array.from({ length: 6 }, () => queue.tryGet());
    expect(out).to.deep.equal(['a1', 'b1', 'a2', 'b2', undefined, undefined]);
    queue.done('b1');
    expect(queue.tryGet()).to.equal(undefined);
    queue.done('a1');
    expect(queue.tryGet()).to.equal('a3');
  });

  it('asks for the lane anew each time, and never has one key out in two lanes', () => {
    let lane = 'x';
    const queue = new WorkQueue({ lane: () => lane, laneConcurrency: 1 });
    queue.add('a');
    expect(queue.tryGet()).to.equal('a');
    lane = 'y';
    queue.add('a');
    expect(queue.tryGet()).to.equal(undefined);
    queue.done('a');
    expect(queue.tryGet()).to.equal('a');
  });

  it('reports depth, adds, latency and retries', async () => {
    const clock = new ManualClock();
    const seen: Record<string, number[]> = {};
    const note = (name: string) => (value: number) => void (seen[name] ??= []).push(value);
    const metrics = {
      counter: (name: string) => ({ add: note(name) }),
      gauge: (name: string) => ({ set: note(name) }),
      histogram: (name: string) => ({ record: note(name) }),
    };
    const queue = new WorkQueue({ clock, metrics, name: 'test' });
    queue.add('a');
    await clock.advance(2_000);
    queue.tryGet();
    queue.addRateLimited('a');
    expect(seen['mooring_workqueue_adds_total']).to.deep.equal([1]);
    expect(seen['mooring_workqueue_latency_seconds']).to.deep.equal([2]);
    expect(seen['mooring_workqueue_retries_total']).to.deep.equal([0, 1]);
    expect(seen['mooring_workqueue_depth']).to.deep.equal([0, 1, 0]);
  });

  it('never has a key out twice, never loses one and keeps to the lanes, whatever happens in whatever order', async () => {
    const key = fc.constantFrom('a1', 'a2', 'a3', 'b1', 'b2');
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key }),
      fc.record({ do: fc.constant('addAfter' as const), key, ms: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ do: fc.constant('fail' as const), key }),
      fc.record({ do: fc.constant('get' as const) }),
      fc.record({ do: fc.constant('done' as const), pick: fc.nat() }),
      fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 60 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const clock = new ManualClock();
        const queue = new WorkQueue({ clock, lane: (k) => k.charAt(0), laneConcurrency: 2, maxDelayMs: 100 });
        const model = new Model();
        for (const each of steps) {
          if (each.do === 'advance') await clock.advance(each.ms);
          else model.take(queue, each);
        }
        await model.finish(queue, clock);
      }),
      { numRuns: 150 },
    );
  });
});

type Step =
  | { do: 'add'; key: string }
  | { do: 'addAfter'; key: string; ms: number }
  | { do: 'fail'; key: string }
  | { do: 'get' }
  | { do: 'done'; pick: number };

/** What must hold: `owed` are the keys that were added since they were last taken. */
class Model {
  readonly #owed = new Set<string>();
  readonly #out: string[] = [];

  take(queue: WorkQueue, step: Step): void {
    switch (step.do) {
      case 'add':
        queue.add(step.key);
        this.#owed.add(step.key);
        break;
      case 'addAfter':
        queue.addAfter(step.key, step.ms);
        this.#owed.add(step.key);
        break;
      case 'fail':
        queue.addRateLimited(step.key);
        this.#owed.add(step.key);
        break;
      case 'get':
        this.#get(queue);
        break;
      case 'done':
        this.#done(queue, step.pick);
    }
  }

  async finish(queue: WorkQueue, clock: ManualClock): Promise<void> {
    for (let round = 0; round < 20; round++) {
      await clock.advance(200);
      while (this.#get(queue)) this.#done(queue, 0);
      while (this.#out.length > 0) this.#done(queue, 0);
    }
    expect([...this.#owed], 'keys that never came').to.deep.equal([]);
    expect([queue.length, queue.processing, queue.waiting]).to.deep.equal([0, 0, 0]);
    expect(clock.pending).to.equal(0);
  }

  #get(queue: WorkQueue): boolean {
    const key = queue.tryGet();
    if (key === undefined) return false;
    expect(this.#out, 'the same key twice at once').to.not.include(key);
    this.#out.push(key);
    expect(
      this.#out.filter((each) => each.charAt(0) === key.charAt(0)),
      'a lane over its limit',
    ).to.have.length.at.most(2);
    this.#owed.delete(key);
    return true;
  }

  #done(queue: WorkQueue, pick: number): void {
    const [key] = this.#out.splice(pick % Math.max(1, this.#out.length), 1);
    if (key !== undefined) queue.done(key);
  }
}
