import { expect } from 'chai';
import { ManualClock } from './clock.ts';
import { Controller, type ControllerOptions } from './controller.ts';
import type { Outcome } from './outcome.ts';

/** A controller whose passes end when the test says so. */
function controlled(options: Partial<ControllerOptions> = {}) {
  const clock = new ManualClock();
  const running = new Map<
    string,
    { signal: AbortSignal; finish: (outcome: Outcome) => void; fail: (error: unknown) => void }
  >();
  const started: string[] = [];
  const controller = new Controller({
    name: 'test',
    clock,
    reconcile: (key, { signal }) => {
      started.push(key);
      return new Promise((finish, fail) => running.set(key, { signal, finish, fail }));
    },
    ...options,
  });
  const end = async (key: string, outcome: Outcome = { result: 'done' }): Promise<void> => {
    const pass = running.get(key);
    running.delete(key);
    pass?.finish(outcome);
    await clock.advance(0);
  };
  return { clock, controller, running, started, end };
}

describe('Controller', () => {
  it('runs what was enqueued before the start, once', async () => {
    const { controller, started, end } = controlled();
    controller.enqueue('ns/a');
    controller.enqueue('ns/a');
    expect(started).to.deep.equal([]);
    controller.start();
    expect(started).to.deep.equal(['ns/a']);
    await end('ns/a');
    expect(controller.load).to.deep.equal({ ready: 0, running: 0 });
  });

  it('runs a key again when it was enqueued during its pass, never beside it', async () => {
    const { controller, started, end } = controlled();
    controller.start();
    controller.enqueue('ns/a');
    controller.enqueue('ns/a');
    expect(started).to.have.length(1);
    await end('ns/a');
    expect(started).to.have.length(2);
    await end('ns/a');
    expect(started).to.have.length(2);
  });

  it('looks again after the time that the pass asked for', async () => {
    const { controller, clock, started, end } = controlled();
    controller.start();
    controller.enqueue('ns/a');
    await end('ns/a', { result: 'done', requeueAfterMs: 300_000 });
    await clock.advance(299_999);
    expect(started).to.have.length(1);
    await clock.advance(1);
    expect(started).to.have.length(2);
    await end('ns/a');
  });

  it('repeats a failing key with growing pauses, for ever, and forgets after a success', async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    let isWell = false;
    const controller = new Controller({
      name: 'test',
      clock,
      maxDelayMs: 1_000,
      reconcile: () => {
        at.push(clock.monotonic());
        if (!isWell) throw new Error('broken');
        return Promise.resolve({ result: 'done' });
      },
    });
    controller.start();
    controller.enqueue('ns/a');
    await clock.advance(10_000);
    const pauses = at.slice(1).map((time, i) => time - (at[i] ?? 0));
    expect(pauses.slice(0, 9)).to.deep.equal([5, 10, 20, 40, 80, 160, 320, 640, 1_000]);
    expect(pauses.at(-1)).to.equal(1_000);
    isWell = true;
    await clock.advance(1_000);
    const count = at.length;
    await clock.advance(10_000);
    expect(at).to.have.length(count);
    await controller.stop();
  });

  it('waits as long as the error asks', async () => {
    const { controller, clock, started, running } = controlled();
    controller.start();
    controller.enqueue('ns/a');
    running.get('ns/a')?.fail(Object.assign(new Error('busy'), { kind: 'transient', retryAfterMs: 7_000 }));
    await clock.advance(6_999);
    expect(started).to.have.length(1);
    await clock.advance(1);
    expect(started).to.have.length(2);
  });

  it('does not let the hanging keys of one lane hold up another', () => {
    const { controller, started } = controlled({ lane: (key) => key.split('-')[0] ?? '', laneConcurrency: 2 });
    controller.start();
    for (let i = 0; i < 100; i++) controller.enqueue(`bad-${i}`);
    controller.enqueue('good-1');
    expect(started).to.deep.equal(['bad-0', 'bad-1', 'good-1']);
  });

  it('keeps to the limit over all lanes', () => {
    const { controller, started } = controlled({ lane: (key) => key, concurrency: 3 });
    controller.start();
    for (let i = 0; i < 10; i++) controller.enqueue(`k${i}`);
    expect(started).to.have.length(3);
  });

  it('aborts a pass that takes too long', async () => {
    const { controller, clock, running } = controlled({ reconcileTimeoutMs: 60_000 });
    controller.start();
    controller.enqueue('ns/a');
    await clock.advance(60_000);
    expect(running.get('ns/a')?.signal.aborted).to.equal(true);
  });

  it('stops: starts nothing, gives passes their grace, then aborts them and waits for them', async () => {
    const { controller, clock, running, started, end } = controlled();
    controller.start();
    controller.enqueue('ns/a');
    let isStopped = false;
    const stopped = controller.stop(5_000).then(() => (isStopped = true));
    controller.enqueue('ns/b');
    await clock.advance(4_999);
    expect(running.get('ns/a')?.signal.aborted).to.equal(false);
    await clock.advance(1);
    expect(running.get('ns/a')?.signal.aborted).to.equal(true);
    expect(isStopped).to.equal(false);
    await end('ns/a');
    await stopped;
    expect(started).to.deep.equal(['ns/a']);
    expect(clock.pending).to.equal(0);
  });

  it('starts nothing after its stop, not even what has waited since before', async () => {
    const { controller, started } = controlled();
    controller.enqueue('ns/a');
    await controller.stop();
    controller.start();
    expect(started).to.deep.equal([]);
  });

  it('counts passes by result', async () => {
    const results: (string | undefined)[] = [];
    const metrics = {
      counter: (name: string) => ({
        add: (_: number, labels?: Readonly<Record<string, string>>) => {
          if (name === 'mooring_reconcile_total') results.push(labels?.['result']);
        },
      }),
      gauge: () => ({ set: () => undefined }),
      histogram: () => ({ record: () => undefined }),
    };
    const { controller, clock, running, end } = controlled({ metrics });
    controller.start();
    controller.enqueue('ns/a');
    await end('ns/a', {
      result: 'retry',
      error: Object.assign(new Error('x'), { kind: 'stalled', reason: 'SecretNotFound' }),
    });
    await clock.advance(5);
    running.get('ns/a')?.fail('not even an error');
    await clock.advance(10);
    await end('ns/a');
    expect(results).to.deep.equal(['stalled', 'error', 'done']);
  });
});
