import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually, temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { readStrictly } from '../compat/reader.ts';

const MAIN = path.resolve(import.meta.dirname, '../../services/cli/src/main.ts');
const MIB = 1024 * 1024;

interface Place {
  readonly file: string;
  readonly store: string;
  readonly environment: NodeJS.ProcessEnv;
}

async function makePlace(blocks: number): Promise<Place> {
  const folder = await temporaryFolder('cli-create');
  const file = path.join(folder, 'volume.img');
  const handle = await open(file, 'w');
  for (let n = 0; n < blocks; n++) await handle.write(randomBytes(2 * MIB), 0, 2 * MIB, 2 * n * 2 * MIB);
  await handle.truncate(2 * blocks * 2 * MIB);
  await handle.close();
  return { file, store: path.join(folder, 'store'), environment: { ...process.env, XDG_STATE_HOME: folder } };
}

function argumentsOf({ file, store }: Place, ...more: string[]): string[] {
  return [MAIN, 'backup', 'create', file, '--dest', `vfs://${store}`, '--volume', 'vol-1', ...more];
}

async function create(place: Place, ...more: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, argumentsOf(place, ...more), {
    env: place.environment,
  });
  return stdout;
}

async function blocksOf({ store }: Place): Promise<string[]> {
  const files = await readdir(store, { recursive: true }).catch(() => []);
  return files.filter((file) => file.endsWith('.blk'));
}

describe('mooring backup create', function () {
  this.timeout(120_000);

  it('prints the line of Longhorn, with -o json more, and makes incremental backups', async () => {
    const place = await makePlace(3);
    expect(await create(place, '--backup-name', 'backup-1', '--label', 'a=b')).to.equal(
      '{"backupID":"backup-1","isIncremental":false,"replicaAddress":""}\n',
    );
    const handle = await open(place.file, 'r+');
    await handle.write(randomBytes(100), 0, 100, 0);
    await handle.close();
    const more = JSON.parse(await create(place, '--backup-name', 'backup-2', '-o', 'json')) as Record<string, unknown>;
    expect(more).to.deep.include({
      backupID: 'backup-2',
      isIncremental: true,
      size: String(6 * MIB),
      backupURL: `vfs://${place.store}?backup=backup-2&volume=vol-1`,
    });
    expect((await readStrictly(place.store)).problems).to.deep.equal([]);
  });

  it('goes on with the same command after it was killed, and after it was told to stop', async () => {
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const place = await makePlace(24);
      const child = spawn(process.execPath, argumentsOf(place, '--backup-name', 'backup-1'), {
        env: place.environment,
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.on('exit', resolve));
      await eventually(async () => (await blocksOf(place)).length >= 3, { timeoutMs: 60_000 });
      child.kill(signal);
      await ended;
      const before = await blocksOf(place);
      expect(before.length).to.be.lessThan(24);
      expect((await readStrictly(place.store, { partial: true })).problems).to.deep.equal([]);
      await create(place, '--backup-name', 'backup-1');
      expect(await blocksOf(place))
        .to.include.members(before)
        .and.to.have.length(24);
      const problems = (await readStrictly(place.store)).problems.filter((problem) => !problem.includes('lock'));
      expect(problems, signal).to.deep.equal([]);
    }
  });

  it('ends with an error and code 1 for what is not valid, nothing on stdout', async () => {
    const place = await makePlace(1);
    for (const [flags, text] of [
      [['--compression-method', 'zstd'], 'unsupported compression method: zstd'],
      [['--label', 'x'], 'invalid label x'],
      [['--mode', 'some'], 'invalid mode some'],
      [['--backup-block-size', '3'], 'no multiple of the block size'],
      [['--backup-name', '-'], 'invalid backup name -'],
    ] as const) {
      const failure = (await create(place, ...flags).catch((error: unknown) => error)) as {
        code: number;
        stdout: string;
        stderr: string;
      };
      expect(failure.code).to.equal(1);
      expect(failure.stdout).to.equal('');
      expect(failure.stderr).to.include(text);
    }
  });
});
