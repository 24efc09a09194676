import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleService, repositoryFolder } from './bundle.ts';
import { findEngine } from './find-engine.ts';
import { CommandError } from './run.ts';

// Skaffold's build command for one service (skaffold.yaml): skaffold-build.ts SERVICE. Skaffold tells what to build in
// IMAGE and whether to push it in PUSH_IMAGE. The bundle is made here, in a second, and stands in for the Dockerfile's
// stage of that name. Most changes leave most bundles as they were: then nothing is built.

/** What an image is made of: the bundle, the Dockerfile, and the name under which it was built. */
async function contentDigest(folder: string, reference: string): Promise<string> {
  const hash = createHash('sha256').update(reference);
  hash.update(await readFile(join(repositoryFolder, 'Dockerfile')));
  for (const name of (await readdir(folder)).sort()) hash.update(name).update(await readFile(join(folder, name)));
  return hash.digest('hex');
}

async function buildForSkaffold(service: string, reference: string, isPushed: boolean): Promise<void> {
  const bundleFolder = join(repositoryFolder, '.mooring', 'images', service);
  const app = join(bundleFolder, 'out', 'app');
  const [engine] = await Promise.all([
    findEngine((line) => process.stdout.write(`${line}\n`)),
    bundleService({ service, folder: app, hasLists: false }),
  ]);
  const digestFile = join(bundleFolder, 'digest');
  const digest = await contentDigest(app, reference);
  const isSame = isPushed && digest === (await readFile(digestFile, 'utf8').catch(() => ''));
  // A push of what the registry has sends nothing; it fails where the image is gone from this machine.
  if (isSame && (await pushed(() => engine.push(reference)))) return;
  await engine.build({ reference, buildArgs: { SERVICE: service }, bundleFolder });
  if (isPushed) await engine.push(reference);
  await writeFile(digestFile, digest);
}

async function pushed(push: () => Promise<void>): Promise<boolean> {
  try {
    await push();
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

const [service] = process.argv.slice(2);
const reference = process.env['IMAGE'];
if (!service || !reference) throw new Error('failed to build image: skaffold calls this with a service and IMAGE');
await buildForSkaffold(service, reference, process.env['PUSH_IMAGE'] === 'true');
