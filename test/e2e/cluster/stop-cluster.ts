import { mkdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { waitForLock } from '@mooring/testing/node-parts';
import { restoreMachine, type Before } from './before.ts';
import { run, tryRun } from './commands.ts';
import { killAll } from './kill-processes.ts';
import { layoutFor, network, type Layout } from './layout.ts';
import { removeRules } from './rules.ts';

/** Loop devices over files of ours, newest first: one of the kubelet lies over one of a driver. */
async function loopDevices(layout: Layout): Promise<string[]> {
  const lines = (await tryRun('losetup', ['-ln', '-O', 'NAME,BACK-FILE'])).split('\n');
  const isOurs = (line: string) => line.includes(` ${layout.state}/`);
  return lines
    .filter(isOurs)
    .flatMap((line) => line.trim().split(/\s+/).slice(0, 1))
    .sort()
    .toReversed();
}

async function unmountBelow(folder: string): Promise<void> {
  const text = await readFile('/proc/self/mountinfo', 'utf8');
  const points = text.split('\n').flatMap((line) => line.split(' ').slice(4, 5));
  const ours = points
    .filter((point) => point.startsWith(`${folder}/`))
    .sort()
    .toReversed();
  for (const point of ours) await run('umount', [point]).catch(() => tryRun('umount', ['--lazy', point]));
}

async function removeNetwork(): Promise<void> {
  const namespaces = (await tryRun('ip', ['netns', 'list'])).split('\n').flatMap((line) => line.split(' ').slice(0, 1));
  for (const name of namespaces.filter((one) => one.startsWith('cni-'))) await tryRun('ip', ['netns', 'delete', name]);
  for (const bridge of [network.podBridge, network.nodeBridge]) await tryRun('ip', ['link', 'delete', bridge]);
}

/** Paths that kubelet, containerd and CNI use whatever their settings say, and the folders around them if empty. */
async function removeFixedPaths(): Promise<void> {
  const files = [
    '/etc/cni/net.d/cni.lock',
    '/var/lib/kubelet',
    '/var/lib/cni',
    '/var/log/containers',
    '/run/containerd',
  ];
  for (const path of files) await rm(path, { recursive: true, force: true });
  for (const path of ['/etc/cni/net.d', '/etc/cni', '/run/netns']) await rmdir(path).catch(() => undefined);
}

async function readBeforeFile(layout: Layout): Promise<Before | undefined> {
  const text = await readFile(layout.beforeFile, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Before);
}

/** Removes everything that a start made, however far it came; the caller holds the lock. Nothing there: does nothing. */
export async function removeCluster(layout: Layout): Promise<void> {
  const before = await readBeforeFile(layout);
  if (before !== undefined) {
    // Listed first: once a driver Pod's mount namespace is gone, its loop devices show no path that can be known as ours.
    const loops = await loopDevices(layout);
    await killAll(layout);
    for (let round = 0; round < 2; round++) for (const loop of loops) await tryRun('losetup', ['-d', loop]);
    for (const folder of [layout.state, '/run/containerd']) await unmountBelow(folder);
    await removeNetwork();
    await removeRules(before.tables);
    await restoreMachine(before);
    await removeFixedPaths();
  }
  await rm(layout.state, { recursive: true, force: true });
}

/** `npm run cluster:down`. Idempotent. */
export async function stopCluster(log: (line: string) => void): Promise<void> {
  const layout = layoutFor();
  await mkdir(join(layout.state, '..'), { recursive: true });
  const lock = await waitForLock(layout.lockFile, () => {
    log('another cluster:up or cluster:down is at work; waiting for it …');
  });
  try {
    await removeCluster(layout);
  } finally {
    await lock.release();
  }
}
