import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Buildah } from './buildah.ts';
import { run } from './run.ts';

/** Debian's release that `node:24-slim` is made of. */
const DEBIAN = 'bookworm';

/** The npm that Node 24's image brings. */
const NPM = 'npm@11.21.2';

const DOCKERFILE = `FROM scratch
ADD rootfs.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["node"]
`;

/** What only an installation needs. */
const LEFT_OUT = ['./var/cache/apt/archives/*.deb', './var/lib/apt/lists/*'].map((path) => `--exclude=${path}`);

/** What to make it with. */
export interface BaseImageRequest {
  buildah: Buildah;
  /** Replaced, and removed afterwards. */
  folder: string;
  /** `docker.io/library/node:24-slim` */
  name: string;
}

/**
 * Makes an image like Docker Hub's `node:24-slim` on a machine that reaches no registry of images: Debian (debootstrap,
 * as root, from Debian's mirror), the Node that runs this, and npm. Throws CommandError.
 */
export async function makeBaseImage({ buildah, folder, name }: BaseImageRequest): Promise<void> {
  const rootfs = join(folder, 'rootfs');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await run('debootstrap', ['--variant=minbase', '--include=ca-certificates', DEBIAN, rootfs]);
  const node = join(rootfs, 'usr/local/bin/node');
  await copyFile(process.execPath, node);
  await chmod(node, 0o755);
  await run('npm', ['install', '--global', '--prefix', join(rootfs, 'usr/local'), NPM]);
  await run('tar', ['-C', rootfs, '--one-file-system', ...LEFT_OUT, '-cf', join(folder, 'rootfs.tar'), '.']);
  await rm(rootfs, { recursive: true });
  await writeFile(join(folder, 'Dockerfile'), DOCKERFILE);
  await buildah(['bud', '--quiet', '--tag', name, folder]);
  await rm(folder, { recursive: true });
}
