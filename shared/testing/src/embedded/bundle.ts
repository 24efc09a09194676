import { readFile, rm, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../files.ts';
import { repositoryFolder } from '../kube/chart.ts';

/** The entry of one service's sources. */
export function serviceSource(service: string): string {
  return join(repositoryFolder, 'services', service, 'src', 'main.ts');
}

/** Whether the service's sources are there. */
export function hasServiceSource(service: string): boolean {
  return existsSync(serviceSource(service));
}

/** CommonJS dependencies call `require` for Node's own modules; ESM has none. */
const BANNER =
  "import { createRequire as mooringCreateRequire } from 'node:module';" +
  'const require = mooringCreateRequire(import.meta.url);';

type Stamps = Record<string, string>;

async function stampOf(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${String(size)} ${String(mtimeMs)}`;
}

async function stampsOf(paths: readonly string[]): Promise<Stamps> {
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await stampOf(path)] as const)));
}

/** True when the bundles were made from exactly the files that are there now, for the same services. */
async function isFresh(stampFile: string, services: readonly string[]): Promise<boolean> {
  try {
    const saved = JSON.parse(await readFile(stampFile, 'utf8')) as { services: string[]; inputs: Stamps };
    if (saved.services.join() !== services.join()) return false;
    const now = await stampsOf(Object.keys(saved.inputs));
    return Object.entries(saved.inputs).every(([path, stamp]) => now[path] === stamp);
  } catch {
    return false;
  }
}

/** One bundle a service, with shared chunks, as ESM for Node 24. Not minified: stack traces stay readable. */
async function build(services: readonly string[], folder: string): Promise<string[]> {
  const { build: run } = await import('esbuild');
  const result = await run({
    entryPoints: Object.fromEntries(services.map((service) => [service, serviceSource(service)])),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: repositoryFolder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: BANNER },
    // Native parts (lz4) are copied beside the bundle.
    loader: { '.node': 'copy' },
    legalComments: 'none',
    metafile: true,
    logLevel: 'silent',
  });
  return Object.keys(result.metafile.inputs).filter((path) => !path.includes(':'));
}

/**
 * Bundles the services' sources with esbuild into `folder` unless they are there and no source changed since, and
 * returns the entry file of each. (Bundled, a service starts in a quarter of the time and two thirds of the memory.)
 */
export async function bundleServices(services: readonly string[], folder: string): Promise<Record<string, string>> {
  const stampFile = join(folder, 'inputs.json');
  if (!(await isFresh(stampFile, services))) {
    await rm(folder, { recursive: true, force: true });
    const inputs = await build(services, folder);
    const stamps = await stampsOf(inputs.map((path) => join(repositoryFolder, path)));
    await writeFileAtomic(stampFile, JSON.stringify({ services, inputs: stamps }));
  }
  return Object.fromEntries(services.map((service) => [service, join(folder, `${service}.mjs`)]));
}
