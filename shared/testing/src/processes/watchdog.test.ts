import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../eventually.ts';
import { formatIdentity, identify, isRunning } from './process-identity.ts';
import { reapOrphans } from './watchdog.ts';

describe('startWatchdog', () => {
  it('ends the children of a process that dies by kill -9', async function () {
    this.timeout(30_000);
    const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
    const script = `
      import { spawn } from 'node:child_process';
      import { startWatchdog } from ${module('./watchdog.ts')};
      import { identify } from ${module('./process-identity.ts')};
      const watchdog = startWatchdog();
      const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
      watchdog.watch(identify(child.pid));
      process.stdout.write(String(child.pid));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
    const orphan = identify(Number(pid.toString()));
    expect(isRunning(orphan)).to.equal(true);
    parent.kill('SIGKILL');
    await eventually(() => !isRunning(orphan));
  });
});

describe('reapOrphans', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-reap-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('ends what a dead start left running, and clears the pid files', async () => {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await writeFile(join(folder, 'left.pid'), formatIdentity(identify(child.pid ?? 0)));
    await writeFile(join(folder, 'garbage.pid'), 'x');
    expect(await reapOrphans(folder)).to.equal(1);
    await ended;
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('leaves a process alone that only has the pid of a former child', async () => {
    const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
    const pid = stranger.pid ?? 0;
    await writeFile(join(folder, 'former.pid'), formatIdentity({ pid, startTicks: '1' }));
    expect(await reapOrphans(folder)).to.equal(0);
    expect(isRunning({ pid })).to.equal(true);
    stranger.kill();
  });
});
