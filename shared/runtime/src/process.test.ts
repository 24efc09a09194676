import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { ManualClock } from './clock.ts';
import { noLog } from './observe.ts';
import { runService, type ServiceContext } from './process.ts';

class FakeHost extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

describe('runService', () => {
  function run(start: (context: ServiceContext) => Promise<void>) {
    const host = new FakeHost();
    const clock = new ManualClock();
    const ended = runService({
      name: 'test',
      log: noLog,
      start,
      clock,
      host,
      stopTimeoutMs: 1_000,
      isMemoryLimited: false,
    });
    return { host, clock, ended };
  }

  it('stops in the reverse order of the start and exits 0 on SIGTERM', async () => {
    const order: string[] = [];
    const { host, ended } = run((context) => {
      context.onStop('first', () => void order.push('first'));
      context.onStop('second', async () => {
        await Promise.resolve();
        order.push(`second, ${context.signal.aborted ? 'aborted' : 'not aborted'}`);
      });
      return Promise.resolve();
    });
    host.emit('SIGTERM', 'SIGTERM');
    await ended;
    expect(order).to.deep.equal(['second, aborted', 'first']);
    expect(host.exits).to.deep.equal([0]);
    expect(host.eventNames()).to.deep.equal([]);
  });

  it('goes on stopping when a part fails to stop', async () => {
    const order: string[] = [];
    const { host, ended } = run((context) => {
      context.onStop('first', () => void order.push('first'));
      context.onStop('second', () => Promise.reject(new Error('stuck')));
      return Promise.resolve();
    });
    host.emit('SIGINT', 'SIGINT');
    await ended;
    expect(order).to.deep.equal(['first']);
  });

  it('exits anyway when a part never stops', async () => {
    const { host, clock, ended } = run((context) => {
      context.onStop('hanging', () => new Promise<void>(() => undefined));
      return Promise.resolve();
    });
    host.emit('SIGTERM', 'SIGTERM');
    await clock.advance(1_000);
    await ended;
    expect(host.exits).to.deep.equal([0]);
  });

  it('takes little time to stop after a failure: another process may soon lead', async () => {
    const host = new FakeHost();
    const clock = new ManualClock();
    const start = (context: ServiceContext): Promise<void> => {
      context.onStop('hanging', () => new Promise<void>(() => undefined));
      context.fail(new Error('lost'));
      return Promise.resolve();
    };
    const ended = runService({ name: 'test', log: noLog, start, clock, host, isMemoryLimited: false });
    await clock.advance(4_000);
    await ended;
    expect(host.exits).to.deep.equal([1]);
  });

  it('exits at once on a second signal', async () => {
    const { host, clock } = run((context) => {
      context.onStop('hanging', () => new Promise<void>(() => undefined));
      return Promise.resolve();
    });
    host.emit('SIGINT', 'SIGINT');
    await clock.advance(0);
    host.emit('SIGINT', 'SIGINT');
    expect(host.exits).to.deep.equal([130]);
    await clock.advance(1_000);
  });

  const failures: { name: string; cause: (host: FakeHost, context: ServiceContext) => void }[] = [
    { name: 'an uncaught exception', cause: (host) => host.emit('uncaughtException', new Error('x')) },
    { name: 'an unhandled rejection', cause: (host) => host.emit('unhandledRejection', new Error('x')) },
    { name: 'a lost lease', cause: (_, context) => context.fail(new Error('lost')) },
  ];
  for (const { name, cause } of failures) {
    it(`stops and exits 1 after ${name}`, async () => {
      const order: string[] = [];
      let given: ServiceContext | undefined;
      const { host, ended } = run((context) => {
        given = context;
        context.onStop('part', () => void order.push('part'));
        return Promise.resolve();
      });
      if (given !== undefined) cause(host, given);
      await ended;
      expect(order).to.deep.equal(['part']);
      expect(host.exits).to.deep.equal([1]);
    });
  }

  it('exits 1 when the start fails, having stopped what was started', async () => {
    const order: string[] = [];
    const { host, ended } = run((context) => {
      context.onStop('part', () => void order.push('part'));
      return Promise.reject(new Error('no API server'));
    });
    await ended;
    expect(order).to.deep.equal(['part']);
    expect(host.exits).to.deep.equal([1]);
  });
});
