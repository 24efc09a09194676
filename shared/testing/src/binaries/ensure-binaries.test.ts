import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { BinaryUnavailableError } from './build.ts';
import { ensureBinaries } from './ensure-binaries.ts';
import { cachedPath, cacheFolder, locateBinary, type Environment } from './locate.ts';
import { pins, type BinaryName, type BinaryPin } from './pins.ts';

async function program(path: string, mode = 0o755): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '#!/bin/sh\n');
  await chmod(path, mode);
  return path;
}

describe('binaries', () => {
  let folder: string;
  let env: Environment;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-binaries-'));
    env = {
      KUBEBUILDER_ASSETS: join(folder, 'assets'),
      PATH: `${join(folder, 'a')}:${join(folder, 'b')}`,
      MOORING_CACHE: join(folder, 'cache'),
    };
  });
  afterEach(() => rm(folder, { recursive: true }));

  describe('cacheFolder', () => {
    const cases: [string, Environment, string][] = [
      ['MOORING_CACHE', { MOORING_CACHE: '/c', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/c'],
      ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/x', HOME: '/h' }, '/x/mooring'],
      ['HOME', { HOME: '/h', XDG_CACHE_HOME: '' }, '/h/.cache/mooring'],
    ];
    for (const [from, environment, expected] of cases) {
      it(`comes from ${from}`, () => {
        expect(cacheFolder(environment)).to.equal(expected);
      });
    }
  });

  describe('locateBinary', () => {
    it('prefers KUBEBUILDER_ASSETS, then PATH, then the cache', async () => {
      expect(locateBinary('etcd', env)).to.equal(undefined);
      const cached = await program(cachedPath('etcd', env));
      expect(cached).to.equal(join(folder, 'cache', 'bin', `etcd-${pins.etcd.version}`));
      expect(locateBinary('etcd', env)).to.equal(cached);
      const onPath = await program(join(folder, 'b', 'etcd'));
      expect(locateBinary('etcd', env)).to.equal(onPath);
      const asset = await program(join(folder, 'assets', 'etcd'));
      expect(locateBinary('etcd', env)).to.equal(asset);
    });

    it('passes over folders and files that cannot be run', async () => {
      await mkdir(join(folder, 'a', 'etcd'), { recursive: true });
      await program(join(folder, 'assets', 'etcd'), 0o644);
      const onPath = await program(join(folder, 'b', 'etcd'));
      expect(locateBinary('etcd', env)).to.equal(onPath);
    });
  });

  describe('ensureBinaries', () => {
    const lines: string[] = [];
    const built: BinaryName[] = [];
    const build = async (name: BinaryName) => {
      built.push(name);
      return program(cachedPath(name, env));
    };
    const log = (line: string) => lines.push(line);

    beforeEach(() => {
      lines.length = 0;
      built.length = 0;
    });

    it('builds what is missing, with a line before and after each', async () => {
      await program(join(folder, 'a', 'helm'));
      const paths = await ensureBinaries(['helm', 'etcd'], { env, log, build });
      expect(paths).to.deep.equal({ helm: join(folder, 'a', 'helm'), etcd: cachedPath('etcd', env) });
      expect(built).to.deep.equal(['etcd']);
      expect(lines[0]).to.match(/^building etcd 3\.\S+, once/);
      expect(lines[1]).to.match(/^built etcd 3\.\S+ in \d+ s$/);
    });

    it('builds once for two callers at the same time', async () => {
      await Promise.all([1, 2].map(() => ensureBinaries(['etcd', 'helm'], { env, log, build })));
      expect(built).to.deep.equal(['etcd', 'helm']);
    });

    it('builds again after a build that was killed', async () => {
      await program(`${cachedPath('etcd', env)}.building`);
      await mkdir(join(folder, 'cache'), { recursive: true });
      await writeFile(join(folder, 'cache', 'build.lock'), '4194399 17\n');
      await ensureBinaries(['etcd'], { env, log, build });
      expect(built).to.deep.equal(['etcd']);
    });

    it('begins nothing more after a build that failed', async () => {
      const failing = async (name: BinaryName) => {
        if (name === 'etcd') throw new Error('no etcd today');
        return build(name);
      };
      const failure = await ensureBinaries(['etcd', 'helm'], { env, log, build: failing }).catch(String);
      expect(failure).to.contain('no etcd today');
      expect(built).to.deep.equal([]);
    });

    it('says in one message what to install when there is no Go', async () => {
      const failure = await ensureBinaries(['etcd', 'helm'], { env, log }).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(BinaryUnavailableError);
      expect(String(failure)).to.match(/'etcd, helm': not in KUBEBUILDER_ASSETS, on PATH .* install Go 1\.26 or newer/);
      expect(lines).to.deep.equal([]);
    });

    it('shows the end of the compiler output when a build fails', async () => {
      await program(join(folder, 'a', 'go'));
      await writeFile(join(folder, 'a', 'go'), '#!/bin/sh\necho "no such module" >&2\nexit 1\n');
      const failure = await ensureBinaries(['etcd'], { env, log }).catch((error: unknown) => error);
      expect(String(failure)).to.match(/failed to provide binary 'etcd': go build ended with 1.*no such module/s);
    });
  });

  it('are pinned to the versions that their go.mod files require', async () => {
    for (const pin of Object.values<BinaryPin>(pins)) {
      const path = fileURLToPath(new URL(`../../go/${pin.module}/go.mod`, import.meta.url));
      const module = (pin.pinnedBy ?? pin.package.replace(/\/cmd\/.*$/, '')).replaceAll('.', String.raw`\.`);
      expect(await readFile(path, 'utf8')).to.match(
        new RegExp(`^(require|\t)\\s*${module} v${pin.version}( // indirect)?$`, 'm'),
      );
    }
  });
});
