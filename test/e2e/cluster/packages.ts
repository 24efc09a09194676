import { access, chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { cacheFolder } from '@mooring/testing';
import { run } from './commands.ts';

/** Programs that are in no Go module, and the Debian package that has each. */
const packageOf: Readonly<Record<string, string>> = {
  '/usr/sbin/runc': 'runc',
  '/usr/sbin/iptables': 'iptables',
  '/usr/sbin/nft': 'nftables',
  '/usr/sbin/conntrack': 'conntrack',
  '/usr/sbin/ethtool': 'ethtool',
  '/usr/bin/socat': 'socat',
  '/usr/bin/kmod': 'kmod',
  '/usr/sbin/losetup': 'mount',
  '/usr/bin/nsenter': 'util-linux',
  '/usr/sbin/ip': 'iproute2',
  '/usr/bin/buildah': 'buildah',
  '/usr/sbin/debootstrap': 'debootstrap',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
};

/** Where the CNI programs of Debian are. */
export const CNI_PROGRAMS = '/usr/lib/cni';

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The Debian packages that this machine lacks. */
export async function missingPackages(): Promise<string[]> {
  const missing: string[] = [];
  for (const [path, name] of Object.entries(packageOf)) if (!(await isThere(path))) missing.push(name);
  return missing;
}

const aptEnvironment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };

/** `apt-get install` of what is missing; the package lists are read first only where they are too old. */
export async function installPackages(log: (line: string) => void): Promise<void> {
  const missing = await missingPackages();
  if (missing.length === 0) return;
  log(`installing ${missing.join(' ')} …`);
  const install = () =>
    run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], {
      env: aptEnvironment,
      timeoutMs: 600_000,
    });
  await install().catch(async () => {
    await run('apt-get', ['update', '-q'], { env: aptEnvironment, timeoutMs: 300_000 });
    await install();
  });
}

/**
 * One program out of a Debian package, without installing the package (whose service would start): into the cache, as
 * `bin/<program>-debian`. `path` is the program's in the package: `usr/bin/promtool`. Returns where it is.
 */
export async function programFromPackage(name: string, path: string): Promise<string> {
  const target = join(cacheFolder(), 'bin', `${basename(path)}-debian`);
  if (await isThere(target)) return target;
  const folder = await mkdtemp(join(tmpdir(), 'mooring-package-'));
  try {
    const download = () => run('apt-get', ['download', '-q', name], { cwd: folder, env: aptEnvironment });
    // apt's sandbox user cannot write there, which it says on stderr and then does without.
    await download().catch(async () => {
      await run('apt-get', ['update', '-q'], { env: aptEnvironment, timeoutMs: 300_000 });
      await download();
    });
    const [archive] = (await readdir(folder)).filter((file) => file.endsWith('.deb'));
    await run('dpkg', ['-x', join(folder, archive ?? ''), folder]);
    await mkdir(join(cacheFolder(), 'bin'), { recursive: true });
    const draft = `${target}.draft`;
    await run('cp', [join(folder, path), draft]);
    await chmod(draft, 0o755);
    await rename(draft, target);
    return target;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
