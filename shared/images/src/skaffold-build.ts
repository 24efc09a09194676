import { join } from 'node:path';
import { bundleService, repositoryFolder } from './bundle.ts';
import { findEngine } from './find-engine.ts';

// Skaffold's build command for one service (skaffold.yaml): skaffold-build.ts SERVICE. Skaffold tells what to build in
// IMAGE and whether to push it in PUSH_IMAGE. The bundle is made here, in a second, and stands in for the Dockerfile's
// stage of that name.
const [service] = process.argv.slice(2);
const reference = process.env['IMAGE'];
if (!service || !reference) throw new Error('failed to build image: skaffold calls this with a service and IMAGE');

const bundleFolder = join(repositoryFolder, '.mooring', 'images', service);
const [engine] = await Promise.all([
  findEngine((line) => process.stdout.write(`${line}\n`)),
  bundleService({ service, folder: join(bundleFolder, 'out', 'app'), hasLists: false }),
]);
await engine.build({ reference, buildArgs: { SERVICE: service }, bundleFolder });
if (process.env['PUSH_IMAGE'] === 'true') await engine.push(reference);
