import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeBaseImage } from './base-image.ts';
import { repositoryFolder } from './repository.ts';
import { BASE_IMAGE, buildArguments, type Engine } from './engine.ts';
import { run } from './run.ts';

/** Names without a registry are Docker Hub's, as docker reads them; `node:24-slim` made here is found under that name. */
const REGISTRIES = `unqualified-search-registries = ["docker.io"]
short-name-mode = "disabled"
`;

/** The machine's certificates, which a proxy in front of registries may need. */
const CERTIFICATES = '/etc/ssl/certs';

/** As OCI image: docker's own format holds the name of the build's container, another one each time. */
const BUILD = ['bud', '--quiet', '--layers', '--pull=false', '--format', 'oci', '--identity-label=false'];

const PULL_MS = 120_000;

/** Runs buildah with `args`. */
export type Buildah = (args: readonly string[], options?: { timeoutMs?: number }) => Promise<string>;

interface BuildahFolder {
  buildah: Buildah;
  folder: string;
}

/** buildah with state of its own in the cache folder, as root without any service: chroot isolation, overlay storage. */
async function openFolder(): Promise<BuildahFolder> {
  const cache =
    process.env['MOORING_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'mooring');
  const folder = join(cache, 'buildah');
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  const registries = join(folder, 'registries.conf');
  await writeFile(registries, REGISTRIES);
  const env = {
    ...process.env,
    BUILDAH_ISOLATION: 'chroot',
    STORAGE_DRIVER: process.env['STORAGE_DRIVER'] || 'overlay',
    CONTAINERS_REGISTRIES_CONF: registries,
    TMPDIR: temporary,
  };
  const storage = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run')];
  return { folder, buildah: (args, options) => run('buildah', [...storage, ...args], { ...options, env }) };
}

/** What `npm ci` in the build must know of this machine: its registry and its certificates. As mounts, so that the Dockerfile stays free of it. */
async function machineMounts(folder: string): Promise<string[]> {
  const bundle = join(CERTIFICATES, 'ca-certificates.crt');
  if (!existsSync(bundle)) return [];
  const npmrc = join(folder, 'npmrc');
  const registry = (await run('npm', ['config', 'get', 'registry'])).trim();
  await writeFile(npmrc, `registry=${registry}\ncafile=${bundle}\n`);
  return ['--volume', `${CERTIFICATES}:${CERTIFICATES}:ro`, '--volume', `${npmrc}:/usr/local/etc/npmrc:ro`];
}

async function ensureBaseImage({ buildah, folder }: BuildahFolder, log: (line: string) => void): Promise<void> {
  const name = `docker.io/library/${BASE_IMAGE}`;
  if (await exists(buildah, name)) return;
  try {
    await buildah(['pull', '--quiet', name], { timeoutMs: PULL_MS });
  } catch {
    log(`no registry has ${BASE_IMAGE}: making it from Debian and this Node (a minute)`);
    await makeBaseImage({ buildah, folder: join(folder, 'base'), name });
  }
}

/**
 * The Dockerfile's stage `runtime` as an image of its own: where it is a stage, each build reads its 130 MB again to see
 * that they are the same, which takes a second of the two.
 */
async function ensureRuntime(buildah: Buildah): Promise<string> {
  const dockerfile = await readFile(join(repositoryFolder, 'Dockerfile'));
  const name = `localhost/mooring-runtime:${createHash('sha256').update(dockerfile).digest('hex').slice(0, 12)}`;
  if (await exists(buildah, name)) return name;
  await buildah([...BUILD, '--timestamp', '0', '--target', 'runtime', '--tag', name, repositoryFolder]);
  return name;
}

async function exists(buildah: Buildah, name: string): Promise<boolean> {
  return (await buildah(['images', '--quiet', '--filter', `reference=${name}`])).trim() !== '';
}

/** The engine for machines without a docker daemon. */
export async function openBuildah(log: (line: string) => void): Promise<Engine> {
  const folder = await openFolder();
  const { buildah } = folder;
  await ensureBaseImage(folder, log);
  return {
    name: 'buildah',
    async build(request) {
      // Only the stage `bundle` reaches for a registry.
      const more =
        request.bundleFolder === undefined
          ? await machineMounts(folder.folder)
          : ['--build-context', `runtime=container-image://${await ensureRuntime(buildah)}`];
      const epoch = request.buildArgs['SOURCE_DATE_EPOCH'] ?? '0';
      await buildah([...BUILD, '--timestamp', epoch, ...more, ...buildArguments(request)]);
    },
    async push(reference) {
      const isLoopback = /^(127\.|localhost[:/])/.test(reference);
      await buildah(['push', '--quiet', ...(isLoopback ? ['--tls-verify=false'] : []), reference]);
    },
    async tag(from, to) {
      await buildah(['tag', from, to]);
    },
  };
}
