import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../eventually.ts';
import type { ProcessSpec, RunningProcess } from './process-spec.ts';
import { createSupervisor } from './supervisor.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

describe('createSupervisor', () => {
  let folder: string;
  let said: string[];
  let restarted: string[];
  let watchdog: Watchdog;
  let running: RunningProcess | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-supervisor-'));
    said = [];
    restarted = [];
    watchdog = startWatchdog();
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
    await watchdog.stop();
    await rm(folder, { recursive: true });
  });

  const logOf = (name: string) => readFileSync(join(folder, 'logs', `${name}.log`), 'utf8');

  function shell(name: string, script: string): ProcessSpec {
    const isReady = () => Promise.resolve(logOf(name).includes('ready'));
    return { name, command: '/bin/sh', args: ['-c', script], isReady, readyTimeoutMs: 10_000, graceMs: 5_000 };
  }

  async function start(spec: ProcessSpec): Promise<RunningProcess> {
    const supervise = createSupervisor({
      logFolder: join(folder, 'logs'),
      runFolder: join(folder, 'run'),
      watchdog,
      say: (line) => said.push(line),
      onRestart: (name) => restarted.push(name),
      minBackoffMs: 1,
      maxBackoffMs: 4,
    });
    running = await supervise(spec);
    return running;
  }

  it('starts a killed process again and says both', async () => {
    const one = await start(shell('one', 'echo ready; exec sleep 600'));
    const first = one.pid();
    process.kill(first, 'SIGKILL');
    await eventually(() => restarted.length === 1);
    expect(one.pid()).not.to.equal(first);
    expect(said).to.deep.equal([
      `one (process ${String(first)}) was ended by SIGKILL; starting it again in 0.001 s`,
      `one is ready again (process ${String(one.pid())})`,
    ]);
  });

  it('goes on trying while a process keeps ending, with growing pauses', async () => {
    let isFirst = true;
    const spec = shell('two', 'echo ready; sleep 0.1; echo broken; exit 7');
    const isReady = async () => {
      const wasReady = isFirst && (await spec.isReady());
      if (wasReady) isFirst = false;
      return wasReady;
    };
    await start({ ...spec, isReady });
    await eventually(() => said.length >= 4);
    expect(said[0]).to.contain('ended with code 7; its last words: broken');
    const pauses = said.slice(0, 4).map((line) => /in ([\d.]+) s$/.exec(line)?.[1]);
    expect(pauses).to.deep.equal(['0.001', '0.002', '0.004', '0.004']);
    expect(restarted).to.deep.equal([]);
  });

  it('fails the first start of a process that ends before it is ready, with the end of its log', async () => {
    const failure = await start(shell('three', 'echo no such luck >&2; exit 3')).catch((error: unknown) => error);
    expect(String(failure)).to.match(/failed to start 'three': it ended with code 3; its log is .*no such luck/s);
    expect(said).to.deep.equal([]);
  });

  it('stops for good: nothing is started again, no pid file stays', async () => {
    const one = await start(shell('four', 'echo ready; exec sleep 600'));
    expect(await readdir(join(folder, 'run'))).to.deep.equal(['four.pid']);
    await one.stop();
    expect(await readdir(join(folder, 'run'))).to.deep.equal([]);
    expect(said).to.deep.equal([]);
  });

  it('stops a process that ignores SIGTERM', async () => {
    const spec = shell('five', "trap '' TERM; echo ready; while :; do sleep 0.05; done");
    const one = await start({ ...spec, graceMs: 50 });
    await one.stop();
    expect(() => process.kill(one.pid(), 0)).to.throw();
  });
});
