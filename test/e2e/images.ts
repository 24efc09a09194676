import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './cluster/commands.ts';
import { network } from './cluster/layout.ts';
import { repositoryFolder, say } from './bed.ts';

/** The five services, with ten Pods between them. */
export const services = [
  'mutating-webhook',
  'validating-webhook',
  'target-controller',
  'volume-controller',
  'backup-controller',
] as const;

// And what Jobs run: movers, and the hooks.
const images = [...services, 'mover', 'cli'];

const registry = `http://${network.registry}`;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name === 'node_modules' || entry.name === 'testing') continue;
    found.push(...(entry.isDirectory() ? await filesBelow(path) : [path]));
  }
  return found;
}

let tag: Promise<string> | undefined;

/** A tag that is another one whenever something that goes into an image changes; the same for a whole run. */
export function sourceTag(): Promise<string> {
  return (tag ??= hashSources());
}

async function hashSources(): Promise<string> {
  const folders = await Promise.all(['shared', 'services'].map((name) => filesBelow(join(repositoryFolder, name))));
  const sources = folders.flat().filter((path) => /\.(ts|json|js)$/.test(path) && !path.endsWith('.test.ts'));
  const files = [...sources, ...['Dockerfile', 'package-lock.json'].map((name) => join(repositoryFolder, name))];
  const hash = createHash('sha256');
  for (const path of files.sort()) hash.update(path).update(await readFile(path));
  return `e2e-${hash.digest('hex').slice(0, 12)}`;
}

async function manifest(image: string, tag: string): Promise<Response> {
  return fetch(`${registry}/v2/mooring/${image}/manifests/${tag}`, { headers: { accept: MANIFEST } });
}

/** Builds and pushes every image of the checkout under `tag`, unless the registry has them: seconds to minutes. */
export async function ensureImages(tag: string): Promise<void> {
  const present = await Promise.all(images.map(async (image) => (await manifest(image, tag)).ok));
  if (present.every(Boolean)) return;
  say(`building the images ${tag} …`);
  const args = ['run', 'images', '--', '--registry', network.registry, '--tag', tag, '--push', '--base'];
  await run('npm', args, { cwd: repositoryFolder, timeoutMs: 1_200_000 });
}

/** Gives every image a second tag: the registry takes the same manifest under another name. */
export async function retagImages(from: string, to: string): Promise<void> {
  for (const image of images) {
    const found = await manifest(image, from);
    const type = found.headers.get('content-type') ?? '';
    const url = `${registry}/v2/mooring/${image}/manifests/${to}`;
    const answer = await fetch(url, { method: 'PUT', headers: { 'content-type': type }, body: await found.text() });
    if (!answer.ok) throw new Error(`failed to tag image '${image}': ${String(answer.status)} ${await answer.text()}`);
  }
}
