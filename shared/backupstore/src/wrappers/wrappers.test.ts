import { expect } from 'chai';
import { MemoryStore } from '../backends/memory.ts';
import { StoreError, type StoreErrorCode } from '../errors.ts';
import { withAttemptTimeout } from './attempt-timeout.ts';
import { withBreaker } from './breaker.ts';
import { InFlightLimit } from './in-flight-limit.ts';
import { CallsPaused, compose, type Invoke, type StoreCall, type StoreClock } from './invoke.ts';
import { withRetry } from './retry.ts';
import { wrapStore } from './wrap-store.ts';

/** Time that only passes by sleeping. */
class FakeClock implements StoreClock {
  nowMs = 0;
  readonly slept: number[] = [];
  readonly now = (): number => this.nowMs;
  readonly random = (): number => 1;
  readonly sleep = async (ms: number): Promise<void> => {
    this.slept.push(ms);
    this.nowMs += ms;
    await Promise.resolve();
  };
}

const call: StoreCall = { operation: 'get', action: "read object 'k'", key: 'k', bytes: 0, signal: undefined };

function failing(code: StoreErrorCode, retryAfterMs?: number): StoreError {
  return new StoreError(code, { action: 'x', ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

async function attemptsOf(invoke: Invoke, error: StoreError): Promise<{ attempts: number; thrown: unknown }> {
  let attempts = 0;
  const thrown = await invoke(call, () => {
    attempts += 1;
    return Promise.reject(error);
  }).catch((cause: unknown) => cause);
  return { attempts, thrown };
}

describe('retry', () => {
  const expected: [StoreErrorCode, number][] = [
    ['Unavailable', 5],
    ['Throttled', 8],
    ['Timeout', 2],
    ['ConnectionRefused', 3],
    ['NotFound', 1],
    ['AccessDenied', 1],
    ['CredentialInvalid', 1],
    ['Corrupt', 1],
    ['Cancelled', 1],
  ];
  for (const [code, attempts] of expected) {
    it(`makes ${String(attempts)} attempts when the error is ${code}`, async () => {
      const invoke = compose(withRetry({ callDeadlineMs: 1e9 }, new FakeClock()));
      const error = failing(code);
      expect(await attemptsOf(invoke, error)).to.deep.equal({ attempts, thrown: error });
    });
  }

  it('waits longer each time, at most five seconds, and at least as long as the store asks', async () => {
    const clock = new FakeClock();
    await attemptsOf(compose(withRetry({ callDeadlineMs: 1e9 }, clock)), failing('Throttled'));
    expect(clock.slept).to.deep.equal([200, 400, 800, 1600, 3200, 5000, 5000]);
    const asked = new FakeClock();
    await attemptsOf(compose(withRetry({ callDeadlineMs: 1e9 }, asked)), failing('Throttled', 7000));
    expect(asked.slept.every((ms) => ms >= 7000)).to.equal(true);
  });

  it('begins no attempt after the deadline of the call', async () => {
    const invoke = compose(withRetry({ callDeadlineMs: 1000 }, new FakeClock()));
    expect((await attemptsOf(invoke, failing('Throttled'))).attempts).to.equal(3);
    expect((await attemptsOf(invoke, failing('Throttled', 60_000))).attempts).to.equal(1);
  });
});

describe('the breaker', () => {
  const limits = { breakerFailures: 3, breakerFirstPauseMs: 60_000, breakerMaxPauseMs: 60_000 };

  it('opens after so many failures in a row, and then asks the store no more', async () => {
    const changes: boolean[] = [];
    const invoke = compose(withBreaker({ ...limits, onBreakerChange: (isOpen) => changes.push(isOpen) }));
    const error = failing('Timeout');
    for (let n = 0; n < 3; n++) expect((await attemptsOf(invoke, error)).attempts).to.equal(1);
    const { attempts, thrown } = await attemptsOf(invoke, failing('NotFound'));
    expect(attempts).to.equal(0);
    expect(thrown).to.be.instanceOf(CallsPaused).with.property('lastFailure', error);
    expect(changes).to.deep.equal([true]);
  });

  it('stays closed as long as the store answers, whatever it answers', async () => {
    const invoke = compose(withBreaker(limits));
    for (let n = 0; n < 20; n++) {
      const code = (['NotFound', 'AccessDenied', 'Throttled', 'Corrupt'] as const)[n % 4] ?? 'NotFound';
      expect((await attemptsOf(invoke, failing(code))).attempts).to.equal(1);
      if (n % 2 === 0) await attemptsOf(invoke, failing('Unavailable'));
    }
  });

  it('is seen by callers as the failure that opened it, so that conditions do not change', async () => {
    const invoke = compose(withRetry({ callDeadlineMs: 1e9 }, new FakeClock()), withBreaker(limits));
    await attemptsOf(invoke, failing('Timeout'));
    await attemptsOf(invoke, failing('Timeout'));
    const { attempts, thrown } = await attemptsOf(invoke, failing('Timeout'));
    expect(attempts).to.equal(0);
    expect(thrown).to.be.instanceOf(StoreError).and.deep.include({ code: 'Timeout', reason: 'Timeout', key: 'k' });
  });
});

describe('the in-flight limit', () => {
  const limits = { initialInFlight: 4, maxInFlight: 32 };

  async function load(
    limit: InFlightLimit,
    clock: FakeClock,
    options: { calls: number; latencyMs: (running: number) => number },
  ): Promise<void> {
    const invoke = compose(limit.wrap);
    await Promise.all(
      Array.from({ length: options.calls }, async () => {
        await invoke(call, async () => {
          const latencyMs = options.latencyMs(limit.running);
          await new Promise((resolve) => setImmediate(resolve));
          clock.nowMs += latencyMs / limit.running;
        });
      }),
    );
  }

  it('never lets more calls through than it says', async () => {
    const clock = new FakeClock();
    const limit = new InFlightLimit(limits, clock);
    let peak = 0;
    await load(limit, clock, {
      calls: 3,
      latencyMs: (running) => {
        peak = Math.max(peak, running);
        return 10;
      },
    });
    expect(peak).to.be.at.most(4);
    expect(limit.running).to.equal(0);
  });

  it('grows to its maximum while latency stays flat', async () => {
    const clock = new FakeClock();
    const limit = new InFlightLimit(limits, clock);
    await load(limit, clock, { calls: 400, latencyMs: () => 20 });
    expect(limit.limit).to.equal(32);
  });

  it('does not grow while it is not used to the full', async () => {
    const clock = new FakeClock();
    const limit = new InFlightLimit(limits, clock);
    for (let n = 0; n < 50; n++) await load(limit, clock, { calls: 1, latencyMs: () => 20 });
    expect(limit.limit).to.equal(4);
  });

  it('halves once a round when the store throttles, and never ends below one', async () => {
    const limit = new InFlightLimit({ initialInFlight: 16, maxInFlight: 32 }, new FakeClock());
    const invoke = compose(limit.wrap);
    await Promise.all(Array.from({ length: 16 }, async () => await attemptsOf(invoke, failing('Throttled'))));
    expect(limit.limit).to.equal(8);
    for (let n = 0; n < 10; n++) await attemptsOf(invoke, failing('Throttled'));
    expect(limit.limit).to.equal(1);
  });

  it('lets a waiting caller give up', async () => {
    const limit = new InFlightLimit({ initialInFlight: 1, maxInFlight: 1 }, new FakeClock());
    const invoke = compose(limit.wrap);
    const gate = Promise.withResolvers<undefined>();
    const first = invoke(call, async () => await gate.promise);
    const abort = new AbortController();
    const second = invoke({ ...call, signal: abort.signal }, () => Promise.resolve('ran')).catch(
      (error: unknown) => error,
    );
    abort.abort();
    expect(await second)
      .to.be.instanceOf(StoreError)
      .with.property('code', 'Cancelled');
    gate.resolve(undefined);
    await first;
    expect(await invoke(call, () => Promise.resolve('ran'))).to.equal('ran');
  });
});

describe('the timeout of an attempt', () => {
  it('ends a call that never does, also one that does not heed its signal', async () => {
    const invoke = compose(withAttemptTimeout(1000, new FakeClock()));
    let aborted = false;
    const thrown = await invoke(call, (signal) => {
      signal?.addEventListener('abort', () => (aborted = true));
      return new Promise(() => undefined);
    }).catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(StoreError).with.property('code', 'Timeout');
    expect(aborted).to.equal(true);
  });
});

describe('a wrapped store', () => {
  it('refuses writes when it is read-only, and asks nothing of the store', async () => {
    const memory = new MemoryStore();
    const store = wrapStore(memory, { readOnly: true });
    for (const write of [store.put({ key: 'k', body: Buffer.from('x') }), store.delete(['k'])]) {
      const thrown = await write.then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(thrown).to.be.instanceOf(StoreError).with.property('code', 'ReadOnly');
    }
    expect(memory.calls).to.deep.include({ put: 0, delete: 0 });
  });
});
