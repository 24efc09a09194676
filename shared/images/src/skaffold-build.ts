import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE } from './bundle.ts';
import { bundleCheckout, usedInputs } from './checkout-bundles.ts';
import { findEngine } from './find-engine.ts';
import { repositoryFolder } from './repository.ts';
import { CommandError } from './run.ts';

// Skaffold's build command for one service (skaffold.yaml): skaffold-build.ts SERVICE. Skaffold tells what to build in
// IMAGE and whether to push it in PUSH_IMAGE. The bundle is made here, in a second, and stands in for the Dockerfile's
// stage of that name. Most changes leave most bundles as they were: then nothing is built.

const root = join(repositoryFolder, '.mooring', 'images');

/** Bundles into `<folder>/out/app` and returns a digest of what the image is made of, its name included. */
async function bundleInto(folder: string, service: string, reference: string): Promise<string> {
  const bundles = join(folder, 'bundle');
  const app = join(folder, 'out', 'app');
  const { files } = await bundleCheckout([service], bundles, usedInputs);
  const hash = createHash('sha256').update(reference);
  hash.update(await readFile(join(repositoryFolder, 'Dockerfile')));
  await rm(app, { recursive: true, force: true });
  await mkdir(app, { recursive: true });
  for (const name of (files[service] ?? []).toSorted()) {
    hash.update(name).update(await readFile(join(bundles, name)));
    await copyFile(join(bundles, name), join(app, name));
  }
  await writeFile(join(app, 'main.js'), `import './${service}.mjs';\n`);
  await writeFile(join(app, 'package.json'), PACKAGE);
  return hash.digest('hex');
}

/** Whether the image of the last time is in the registry now: a push of what it has sends nothing. */
async function isPushed(push: () => Promise<void>): Promise<boolean> {
  try {
    await push();
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

async function buildForSkaffold(service: string, reference: string, mustPush: boolean): Promise<void> {
  const bundleFolder = join(root, service);
  await mkdir(bundleFolder, { recursive: true });
  const digest = await bundleInto(bundleFolder, service, reference);
  const engine = await findEngine((line) => process.stdout.write(`${line}\n`));
  const digestFile = join(bundleFolder, 'digest');
  const isSame = mustPush && digest === (await readFile(digestFile, 'utf8').catch(() => ''));
  if (isSame && (await isPushed(() => engine.push(reference)))) return;
  await engine.build({ reference, buildArgs: { SERVICE: service }, bundleFolder });
  if (mustPush) await engine.push(reference);
  await writeFile(digestFile, digest);
}

const [service] = process.argv.slice(2);
const reference = process.env['IMAGE'];
if (!service || !reference) throw new Error('failed to build image: skaffold calls this with a service and IMAGE');
await buildForSkaffold(service, reference, process.env['PUSH_IMAGE'] === 'true');
