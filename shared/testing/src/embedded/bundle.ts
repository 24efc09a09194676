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

/** One bundle a service, with shared chunks; made like those of the images. */
async function build(services: readonly string[], folder: string): Promise<string[]> {
  const { bundleEntries } = await import('@mooring/images');
  const entries = Object.fromEntries(services.map((service) => [service, serviceSource(service)]));
  const { inputs } = await bundleEntries(entries, folder);
  return Object.keys(inputs).filter((path) => !path.includes(':'));
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
