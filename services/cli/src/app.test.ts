import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { volumePrefix } from '@mooring/backupstore';
import { expect } from 'chai';
import { run } from './app.ts';

const FIXTURE = path.resolve(import.meta.dirname, '../../../test/fixtures/longhorn-store');
// The place of the store when the goldens were made with the real program.
const GOLDEN_URL = 'vfs:///srv/longhorn-store';

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function mooring(...args: string[]): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const exitCode = await run(args, {
    environment: {},
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    now: () => new Date('2026-11-21T00:00:00Z'),
  });
  return { exitCode, stdout, stderr };
}

describe('the command line', () => {
  const url = `vfs://${FIXTURE}/store`;
  const goldens = path.join(FIXTURE, 'golden');

  it('answers every golden command byte for byte as Longhorn does, with its exit code', async () => {
    const names = (await readdir(goldens)).filter((name) => name.endsWith('.cmd')).map((name) => name.slice(0, -4));
    expect(names).to.have.length.at.least(13);
    for (const name of names) {
      const read = async (kind: string): Promise<string> =>
        await readFile(path.join(goldens, `${name}.${kind}`), 'utf8');
      const [, ...args] = (await read('cmd')).trim().split(' ');
      const ran = await mooring(...args.map((arg) => arg.replace(GOLDEN_URL, url)));
      expect(ran.stdout.replaceAll(url, GOLDEN_URL), name).to.equal(await read('stdout'));
      expect(ran.exitCode, name).to.equal(Number(await read('rc')));
    }
  });

  it('takes flags behind the arguments, and URLs as they stand in the JSON of Longhorn', async () => {
    const plain = await mooring('backup', 'list', '--volume-only', url);
    expect(await mooring('backup', 'ls', url, '--volume-only')).to.deep.equal(plain);
    const query = 'backup=backup-aaaaaaaaaaaa0001';
    const copied = await mooring('backup', 'inspect', `${url}?${query}\\u0026volume=pvc-lz4`);
    expect(copied).to.deep.equal(await mooring('backup', 'inspect', `${url}?${query}&volume=pvc-lz4`));
  });

  it('shows a backing image and a system backup', async () => {
    const image = await mooring('backup', 'inspect-backing-image', `${url}?backingImage=odd-bi`);
    expect(image.exitCode).to.equal(0);
    expect(Object.keys(JSON.parse(image.stdout) as object).join(' ')).to.equal(
      'Name URL CompleteAt Size Checksum Labels CompressionMethod Secret SecretNamespace',
    );
    expect(image.stdout).to.contain(`"URL": "${url}?backingImage=odd-bi"`).and.contain('"Size": "3000000"');
    const config = await mooring('system-backup', 'get-config', `${url}/backupstore/system-backups/v1.4.0/demo`);
    expect(config.stdout).to.match(/^\{\n\t"Name": "demo",\n\t"LonghornVersion": "v1.4.0",\n/);
  });

  it('tells errors on stdout where longhorn-manager looks for them, else only in the log', async () => {
    const shown = await mooring('backup', 'inspect-volume', `${url}?volume=x`);
    expect(shown).to.deep.include({ exitCode: 1, stdout: 'invalid volume name parsed, got x\n' });
    expect(shown.stderr).to.equal('time="2026-11-21T00:00:00Z" level=error msg="invalid volume name parsed, got x"\n');
    const logged = await mooring('backup', 'inspect-backing-image', `${url}?backingImage=nope`);
    expect(logged).to.deep.include({ exitCode: 1, stdout: '' });
    expect(logged.stderr).to.contain('level=fatal').and.contain('cannot find backupstore/backing-images/');
    for (const args of [['backup', 'nope'], ['backup', 'ls', '--bad', url], ['nope']]) {
      const ran = await mooring(...args);
      expect(ran.exitCode, args.join(' ')).to.equal(1);
      expect(ran.stdout, args.join(' ')).to.not.equal('');
    }
  });

  it('lists an absent directory as empty', async () => {
    expect(await mooring('backup', 'ls', 'vfs:///nowhere/at/all')).to.deep.equal({
      exitCode: 0,
      stdout: '{}\n',
      stderr: '',
    });
  });
});

describe('the command line on a damaged store', () => {
  let root: string;
  let url: string;
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'mooring-cli-'));
    await cp(path.join(FIXTURE, 'store'), root, { recursive: true });
    url = `vfs://${root}`;
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  async function put(key: string, text: string): Promise<string> {
    const file = path.join(root, key);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  }

  it('lists all volumes in spite of a bad folder name, and says so on stderr', async () => {
    const before = await mooring('backup', 'ls', url);
    await put('backupstore/volumes/aa/bb/_bad/volume.cfg', '{}');
    await put(`${volumePrefix('BACKINGIMAGE')}locks/lock-0123456789abcdef.lck`, '{}');
    const ran = await mooring('backup', 'ls', url);
    expect(ran.stdout).to.equal(before.stdout);
    expect(ran.exitCode).to.equal(0);
    expect(ran.stderr).to.contain('backupstore/volumes/aa/bb/_bad/').and.not.contain('BACKINGIMAGE');
  });

  it('shows a volume without volume.cfg with its error, and refuses a backup in progress', async () => {
    await put(`${volumePrefix('pvc-new')}locks/lock-0123456789abcdef.lck`, '{}');
    const listed = JSON.parse((await mooring('backup', 'ls', url)).stdout) as Record<string, { Messages: object }>;
    expect(listed['pvc-new']?.Messages).to.deep.equal({
      error: `cannot find ${volumePrefix('pvc-new')}volume.cfg in backupstore`,
    });
    await put(`${volumePrefix('pvc-lz4')}backups/backup_backup-p.cfg`, '{"Name":"backup-p","CreatedTime":""}');
    const ran = await mooring('backup', 'inspect', `${url}?backup=backup-p&volume=pvc-lz4`);
    expect(ran).to.deep.include({ exitCode: 1, stdout: 'backup backup-p is still in progress\n' });
  });

  it('shows when a config was written', async () => {
    const file = await put(`${volumePrefix('pvc-lz4')}backups/backup_backup-x.cfg`, '{}');
    const seconds = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;
    await utimes(file, seconds, seconds + 0.5);
    const ran = await mooring('backup', 'head', `${url}?backup=backup-x&volume=pvc-lz4`);
    expect(ran.stdout).to.equal('{\n\t"ModificationTime": "2026-01-02T03:04:05.5Z"\n}\n');
  });

  it('names a config that cannot be read', async () => {
    await put(`${volumePrefix('pvc-lz4')}volume.cfg`, '{"Name":"pvc-lz4","Size":7}');
    const ran = await mooring('backup', 'inspect-volume', `${url}?volume=pvc-lz4`);
    expect(ran.exitCode).to.equal(1);
    expect(ran.stdout).to.contain("'Size' must be a string").and.contain('pvc-lz4/volume.cfg');
  });

  it('probes a store and leaves nothing behind', async () => {
    const ran = await mooring('store', 'probe', url);
    expect(ran.exitCode, ran.stdout).to.equal(0);
    expect(ran.stdout).to.contain('ok      an object is read back').and.not.contain('FAILED');
    expect(await readdir(path.join(root, 'backupstore'))).to.not.include('mooring-probe');
  });
});
