import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { run } from './app.ts';

const FIXTURE = path.resolve(import.meta.dirname, '../../../test/fixtures/longhorn-store');
const FIRST = 'backup=backup-aaaaaaaaaaaa0001&volume=pvc-lz4';
const SECOND = 'backup=backup-aaaaaaaaaaaa0002&volume=pvc-lz4';

async function mooring(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
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

// Each removal and restore waits 2 s for the lock, as the protocol wants it.
describe('the command line restores, removes and verifies', function () {
  this.timeout(60_000);
  let root: string;
  let url: string;
  let output: string;
  let images: Map<string, string>;
  before(async () => {
    const lines = (await readFile(path.join(FIXTURE, 'images.sha256'), 'utf8')).trim().split('\n');
    images = new Map(lines.map((line): [string, string] => [line.slice(66), line.slice(0, 64)]));
  });
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'mooring-data-'));
    await cp(path.join(FIXTURE, 'store'), path.join(root, 'store'), { recursive: true });
    url = `vfs://${root}/store`;
    output = path.join(root, 'volume.img');
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  async function digest(file = output): Promise<string> {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  }

  async function blockFile(query: string): Promise<string> {
    const name = new URLSearchParams(query);
    const folder = `${root}/store/backupstore/volumes/ff/06/pvc-lz4`;
    const text = await readFile(`${folder}/backups/backup_${String(name.get('backup'))}.cfg`, 'utf8');
    const { Blocks } = JSON.parse(text) as { Blocks: { BlockChecksum: string }[] };
    const checksum = Blocks.at(-1)?.BlockChecksum ?? '';
    return `${folder}/blocks/${checksum.slice(0, 2)}/${checksum.slice(2, 4)}/${checksum}.blk`;
  }

  it('a backup into a sparse file, and what changed since another into a delta', async () => {
    const ran = await mooring('backup', 'restore-to-file', `${url}?${FIRST}`, '--output-file', output);
    expect(ran).to.deep.equal({ exitCode: 0, stdout: '', stderr: '' });
    expect(await digest()).to.equal(images.get('snap1'));
    expect((await stat(output)).blocks * 512).to.equal(8 * 1024 * 1024);
    const delta = path.join(root, 'delta.img');
    const flags = ['--last-backup', 'backup-aaaaaaaaaaaa0001', '--output-file', delta, '-o', 'json'];
    const second = await mooring('backup', 'restore-incremental', `${url}?${SECOND}`, ...flags);
    expect(JSON.parse(second.stdout)).to.include({ blocksFetched: 2 });
    expect((await stat(delta)).size).to.equal(16 * 1024 * 1024);
  });

  it('goes on with what a killed restore left', async () => {
    await mooring('backup', 'restore-to-file', `${url}?${FIRST}`, '--output-file', `${output}.partial`);
    const flags = ['--output-file', output, '-o', 'json'];
    const ran = await mooring('backup', 'restore-to-file', `${url}?${SECOND}`, ...flags);
    expect(JSON.parse(ran.stdout)).to.deep.include({ blocksFetched: 2 });
    expect(await digest()).to.equal(images.get('snap2'));
  });

  describe('for nobody else to read,', () => {
    const before = process.env['PATH'];
    afterEach(() => {
      process.env['PATH'] = before;
    });

    for (const format of ['raw', 'qcow2']) {
      it(format, async () => {
        // Opens its output as qemu-img does, which is not installed everywhere.
        await writeFile(path.join(root, 'qemu-img'), '#!/bin/sh\n[ "$1" != convert ] || cat "$6" > "$7"\n', {
          mode: 0o755,
        });
        process.env['PATH'] = `${root}:${String(before)}`;
        await writeFile(`${output}.converting`, 'of a killed run', { mode: 0o644 });
        const flags = ['--output-file', output, '--output-format', format];
        const ran = await mooring('backup', 'restore-to-file', `${url}?${FIRST}`, ...flags);
        expect(ran).to.deep.equal({ exitCode: 0, stdout: '', stderr: '' });
        expect(await digest()).to.equal(images.get('snap1'));
        expect((await stat(output)).mode & 0o777).to.equal(0o600);
      });
    }
  });

  it('a damaged backup never: it says which block, at once, and leaves no output', async () => {
    const block = await blockFile(FIRST);
    await truncate(block, 100);
    const ran = await mooring('backup', 'restore-to-file', `${url}?${FIRST}`, '--output-file', output);
    expect(ran).to.deep.include({ exitCode: 1, stdout: '' });
    expect(ran.stderr).to.contain(path.basename(block)).and.contain('level=fatal');
    expect(await stat(output).catch(() => 'absent')).to.equal('absent');
    expect((await mooring('backup', 'verify', `${url}?${FIRST}`)).exitCode).to.equal(0);
    const full = await mooring('backup', 'verify', '--full', `${url}?${FIRST}`);
    expect(full.exitCode).to.equal(1);
    expect(full.stdout).to.contain(`corrupt at offset`).and.contain(path.basename(block));
    await rm(block);
    const lists = await mooring('backup', 'verify', '-o', 'json', `${url}?${FIRST}`);
    expect(JSON.parse(lists.stdout.split('\n')[0] ?? '')).to.include({ mode: 'lists', badCount: 1 });
    expect(lists.exitCode).to.equal(1);
  });

  it('backups, volumes and backing images, printing nothing', async () => {
    const silent = { exitCode: 0, stdout: '', stderr: '' };
    expect(await mooring('backup', 'rm', `${url}?${SECOND}`)).to.deep.equal(silent);
    expect(await mooring('backup', 'rm', `${url}?${SECOND}`)).to.deep.equal(silent);
    const left = await mooring('backup', 'ls', '--volume', 'pvc-lz4', url);
    expect(left.stdout).to.contain('backup-aaaaaaaaaaaa0001').and.not.contain('backup-aaaaaaaaaaaa0002');
    expect(await mooring('backup', 'rm', '--volume', 'pvc-lz4', url)).to.deep.equal(silent);
    expect(await mooring('backup', 'rm', '--volume', 'pvc-lz4', url)).to.deep.equal(silent);
    expect((await mooring('backup', 'ls', url)).stdout).to.not.contain('pvc-lz4');
    const gone = await mooring('backup', 'rm', `${url}?${FIRST}`);
    expect(gone).to.deep.include({ exitCode: 1 });
    expect(gone.stdout).to.match(/^cannot find backupstore\/volumes\/ff\/06\/pvc-lz4\/volume.cfg in backupstore\n$/);
    expect(await mooring('backing-image', 'rm', `${url}?backingImage=ubuntu-bi`)).to.deep.equal(silent);
    const image = ['backing-image', 'restore', `${url}?backingImage=odd-bi`, '--output-file', output];
    expect(await mooring(...image)).to.deep.equal(silent);
    expect(await digest()).to.equal(images.get('odd.img'));
  });

  it('an image that was backed up, by its own checksum, once', async () => {
    const file = path.join(root, 'new.img');
    await writeFile(file, Buffer.alloc(5_000_001, 'image'));
    const create = ['backing-image', 'create', file, '--dest', url, '--name', 'new-bi', '--label', 'a=b'];
    const { exitCode, stdout } = await mooring(...create, '-o', 'json');
    const checksum = createHash('sha512')
      .update(await readFile(file))
      .digest('hex');
    expect(exitCode).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ outcome: 'created', size: '5000001', blockCount: '3', checksum });
    expect((await mooring(...create)).stdout).to.equal(`${url}?backingImage=new-bi\n`);
    const restored = await mooring('backing-image', 'restore', `${url}?backingImage=new-bi`, '--output-file', output);
    expect(restored.exitCode).to.equal(0);
    expect(await digest()).to.equal(await digest(file));
    await writeFile(file, 'another');
    const other = await mooring(...create);
    expect(other.exitCode).to.equal(1);
    expect(other.stderr).to.contain('another backing image');
    for (const wrong of [
      ['--checksum', 'abc'],
      ['--compression-method', 'zip'],
      ['--concurrent-limit', '0'],
    ]) {
      expect((await mooring(...create, ...wrong)).exitCode, wrong.join(' ')).to.equal(1);
    }
  });

  it('system backups, and never one whose name only begins alike', async () => {
    const file = path.join(root, 'system.zip');
    await writeFile(file, Buffer.alloc(5_000_000, 'zip'));
    const place = (name: string): string => `${url}/backupstore/system-backups/v1.4.0/${name}`;
    const flags = ['--git-commit', 'abc', '--manager-image', 'm', '--engine-image', 'e'];
    for (const name of ['demo2', 'demo3']) {
      expect((await mooring('system-backup', 'upload', file, place(name), ...flags)).exitCode).to.equal(0);
    }
    const again = await mooring('system-backup', 'upload', file, place('demo2'), ...flags);
    expect(again.stderr).to.contain('already exists');
    expect((await mooring('system-backup', 'delete', place('demo'))).exitCode).to.equal(0);
    const listed = (await mooring('system-backup', 'list', url)).stdout;
    expect(Object.keys(JSON.parse(listed) as object)).to.deep.equal(['demo2', 'demo3']);
    const copy = path.join(root, 'copy.zip');
    expect((await mooring('system-backup', 'download', place('demo2'), copy)).exitCode).to.equal(0);
    expect(await digest(copy)).to.equal(await digest(file));
    await truncate(`${root}/store/backupstore/system-backups/v1.4.0/demo3/system-backup.zip`, 10);
    expect((await mooring('system-backup', 'download', place('demo3'), copy)).stderr).to.contain('SHA-256');
    expect(await digest(copy)).to.equal(await digest(file));
  });

  it('nothing with a limit of 0, an unknown format or no name', async () => {
    for (const args of [
      ['backup', 'restore-to-file', `${url}?${FIRST}`, '--output-file', output, '--concurrent-limit', '0'],
      ['backup', 'restore-to-file', `${url}?${FIRST}`, '--output-file', output, '--output-format', 'vmdk'],
      ['backup', 'restore-to-file', `${url}?${FIRST}`],
      ['backup', 'rm', `${url}?volume=pvc-lz4`],
      ['backup', 'rm', `${url}?backup=backup-x`],
    ]) {
      expect((await mooring(...args)).exitCode, args.join(' ')).to.equal(1);
    }
  });
});
