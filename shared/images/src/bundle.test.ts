import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Metafile } from 'esbuild';
import { bundleService } from './bundle.ts';
import { repositoryFolder } from './repository.ts';
import type { ContentsList } from './licences.ts';
import { IMAGES, type ImageName } from './services.ts';

/** An image may be this much larger than Node alone. */
const LIMIT_BYTES = 10 * 1024 * 1024;

/** Code asks for these in a `try`, and does without: other platforms' LZ4, a way to log in to clusters. */
const OPTIONAL = /^(\.\/|@antoniomuso\/)lz4-napi[.-]|^kerberos$/;

/** Licences whose texts only have to be passed on. */
const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'Python-2.0'];

const execute = promisify(execFile);

async function digests(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const hashes = names.map(async (name) => {
    const content = await readFile(join(folder, name));
    return [name, createHash('sha256').update(content).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(hashes));
}

async function sizeBytes(folder: string): Promise<number> {
  const files = await Promise.all((await readdir(folder)).map((name) => stat(join(folder, name))));
  return files.reduce((sum, { size }) => sum + size, 0);
}

describe('the bundle of an image', function () {
  this.timeout(180_000);
  let root: string;
  const bundles = {} as Record<ImageName, Metafile>;
  const folderOf = (service: ImageName) => join(root, service);

  before(async () => {
    // Outside the checkout: what a bundle asks for at run time is not found by chance.
    root = await mkdtemp(join(tmpdir(), 'mooring-bundles-'));
    for (const service of IMAGES) bundles[service] = await bundleService({ service, folder: folderOf(service) });
  });

  after(() => rm(root, { recursive: true, force: true }));

  it('is there for every service of the repository', async () => {
    const folders = await readdir(join(repositoryFolder, 'services'));
    const services = folders.filter((name) => existsSync(join(repositoryFolder, 'services', name, 'src', 'main.ts')));
    expect([...IMAGES].sort()).to.deep.equal(services.sort());
  });

  for (const service of IMAGES) {
    it(`needs Node and nothing else: ${service}`, () => {
      const imports = Object.values(bundles[service].outputs).flatMap((output) => output.imports);
      const absent = imports.filter(({ external, path }) => external === true && !isBuiltin(path));
      expect(absent.map(({ path }) => path).filter((path) => !OPTIONAL.test(path))).to.deep.equal([]);
    });

    it(`is at most 10 MiB with its lists: ${service}`, async () => {
      expect(await sizeBytes(folderOf(service))).to.be.at.most(LIMIT_BYTES);
    });

    it(`is made only of what the Dockerfile copies: ${service}`, () => {
      const inputs = Object.keys(bundles[service].inputs).filter((path) => !path.includes(':'));
      const copied = /^(services|shared\/(?!testing\/)[^/]+)\/src\/|^services\/[^/]+\/src\/|(^|\/)node_modules\//;
      expect(inputs.filter((path) => !copied.test(path) || path.endsWith('.test.ts'))).to.deep.equal([]);
    });

    it(`names what is in it, with licences that may be passed on: ${service}`, async () => {
      const text = await readFile(join(folderOf(service), 'sbom.cdx.json'), 'utf8');
      const { components = [] } = JSON.parse(text) as ContentsList;
      const licences = components.map(({ name, licenses = [] }) => ({
        name,
        id: licenses.map(({ license, expression }) => license?.id ?? expression ?? '').join(),
      }));
      expect(licences.length).to.be.greaterThan(10);
      expect(licences.filter(({ id }) => !PERMISSIVE.includes(id))).to.deep.equal([]);
      expect(text).to.not.contain(repositoryFolder);
    });
  }

  it('passes on every licence', async () => {
    const texts = await readFile(join(folderOf('cli'), 'THIRD-PARTY-LICENSES'), 'utf8');
    const list = JSON.parse(await readFile(join(folderOf('cli'), 'sbom.cdx.json'), 'utf8')) as ContentsList;
    const names = (list.components ?? []).map(({ group, name, version = '' }) =>
      group === undefined ? `${name} ${version}` : `${group}/${name} ${version}`,
    );
    expect(names.filter((name) => !texts.includes(`${name} (`))).to.deep.equal([]);
  });

  it('is the same, byte for byte, when it is made again elsewhere', async () => {
    const again = join(root, 'again');
    await bundleService({ service: 'validating-webhook', folder: again });
    expect(await digests(again)).to.deep.equal(await digests(folderOf('validating-webhook')));
  });

  it('runs alone in a folder', async () => {
    const main = join(folderOf('cli'), 'main.js');
    const { stdout } = await execute(process.execPath, [main, '--help'], { cwd: root, env: {} });
    expect(stdout).to.contain('backup');
  });

  it('finds its native modules and its worker in a folder alone', async () => {
    const folder = folderOf('cli');
    const names = await readdir(folder);
    const native = names.filter((name) => name.endsWith('.node')).map((name) => name.split(/[.-]/, 1)[0]);
    expect(native.sort()).to.deep.equal(['koffi', 'lz4']);
    const chunk = (start: string) => `'./${names.find((name) => name.startsWith(start)) ?? ''}'`;
    const program =
      `const { compressLz4Frame } = await import(${chunk('lz4-native-')}); const frame = await compressLz4Frame(Buffer.alloc(9));` +
      `const { sizeByEnd } = await import(${chunk('libc-')}); const { openSync } = await import('node:fs');` +
      `console.log(frame.length, sizeByEnd(openSync('package.json')))`;
    const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: folder,
      env: {},
    });
    const { size } = await stat(join(folder, 'package.json'));
    expect(stdout).to.match(new RegExp(`^[1-9]\\d* ${String(size)}\n$`));
    expect(relative(repositoryFolder, folder)).to.match(/^\.\./);
  });
});
