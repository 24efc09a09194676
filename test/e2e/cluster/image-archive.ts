import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './commands.ts';

/** An image of one statically linked program. */
export interface ProgramImage {
  /** `localhost/pause:1`. */
  name: string;
  /** The program, copied to `/<file>`. */
  program: string;
  file: string;
  /** What follows it. */
  args: readonly string[];
}

/**
 * Writes `image` as an archive that `ctr images import` takes (the format of `docker save`) and returns its path below
 * `folder`. By hand, because it is one file in one layer, and a build tool would be one more thing to have.
 */
export async function writeImageArchive(folder: string, image: ProgramImage): Promise<string> {
  const root = join(folder, 'rootfs');
  await mkdir(root, { recursive: true });
  await copyFile(image.program, join(root, image.file));
  await chmod(join(root, image.file), 0o755);
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  await run('tar', ['-C', root, ...owner, '-cf', join(folder, 'layer.tar'), image.file]);
  const digest = createHash('sha256')
    .update(await readFile(join(folder, 'layer.tar')))
    .digest('hex');
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Entrypoint: [`/${image.file}`, ...image.args], User: '65532:65532' },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: [image.name], Layers: ['layer.tar'] }];
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  const archive = join(folder, 'image.tar');
  await run('tar', ['-C', folder, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar']);
  await rm(root, { recursive: true });
  return archive;
}
