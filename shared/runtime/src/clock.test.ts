import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { Backoff } from './backoff.ts';
import { ManualClock, sleep, systemClock } from './clock.ts';

describe('ManualClock', () => {
  it('fires timers in order of time, also those that timers set', async () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.setTimeout(() => fired.push('late'), 20);
    clock.setTimeout(() => {
      fired.push('early');
      clock.setTimeout(() => fired.push('nested'), 5);
    }, 10);
    clock.setTimeout(() => fired.push('cancelled'), 12).cancel();
    await clock.advance(30);
    expect(fired).to.deep.equal(['early', 'nested', 'late']);
    expect(clock.pending).to.equal(0);
  });

  it('lets the wall clock jump without firing anything', async () => {
    const clock = new ManualClock();
    clock.setTimeout(() => expect.fail('fired'), 1_000);
    clock.setNow(clock.now() + 600_000);
    await clock.advance(999);
    expect(clock.monotonic()).to.equal(999);
  });
});

describe('systemClock', () => {
  it('takes a time that has passed already without a warning', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    await sleep(systemClock, -5);
    process.off('warning', note);
    expect(warnings).to.deep.equal([]);
  });
});

describe('sleep', () => {
  it('ends with the time or with the signal, and leaves neither timer nor listener', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const first = sleep(clock, 1_000, abort.signal);
    await clock.advance(1_000);
    await first;
    const second = sleep(clock, 1_000, abort.signal);
    abort.abort();
    await second;
    await sleep(clock, 1_000, abort.signal);
    expect(clock.pending).to.equal(0);
    expect(getEventListeners(abort.signal, 'abort')).to.have.length(0);
  });

  it('waits for a delay beyond the range of Node’s timers', () => {
    let isFired = false;
    const timer = systemClock.setTimeout(() => (isFired = true), 1e12);
    timer.cancel();
    expect(isFired).to.equal(false);
  });
});

describe('Backoff', () => {
  it('doubles to its limit, adds at most half, and starts anew', () => {
    for (const random of [0, 0.999]) {
      const backoff = new Backoff({ initialMs: 800, maxMs: 30_000, random: () => random });
      const delays = Array.from({ length: 100 }, () => backoff.next());
      expect(delays[0]).to.be.within(800, 1_200);
      expect(delays[1]).to.be.within(1_600, 2_400);
      expect(Math.max(...delays)).to.equal(30_000);
      backoff.reset();
      expect(backoff.next()).to.equal(delays[0]);
    }
  });
});
