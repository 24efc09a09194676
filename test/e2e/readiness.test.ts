import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '@mooring/testing';
import { bed, say } from './bed.ts';
import { services } from './images.ts';
import { isReady, pods, waitForPods, type Pod } from './objects.ts';
import { ensureInstalled, RELEASE_NAMESPACE } from './release.ts';

/** The bound: from the start of a container's process to its Pod being Ready. */
const READY_SECONDS = 2;

/** Clock ticks a second in /proc. */
const TICKS = 100;

async function cgroupProcesses(folder: string, container: string): Promise<number[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const own = entries.find((entry) => entry.isDirectory() && entry.name.includes(container));
  if (own === undefined) return [];
  const text = await readFile(join(own.parentPath, own.name, 'cgroup.procs'), 'utf8');
  return text.split('\n').filter(Boolean).map(Number);
}

/** When the container's first process began, in seconds since boot. */
async function startedAt(pod: Pod): Promise<number> {
  const id = pod.status.containerStatuses?.[0]?.containerID.split('//')[1] ?? '';
  for (const root of ['/sys/fs/cgroup/memory/kubepods', '/sys/fs/cgroup/kubepods']) {
    const [pid] = await cgroupProcesses(root, id).catch(() => []);
    if (pid === undefined) continue;
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) / TICKS;
  }
  throw new Error(`failed to find process '${pod.metadata.name}': container ${id} has no cgroup`);
}

async function secondsSinceBoot(): Promise<number> {
  return Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]);
}

describe('a single container', () => {
  before(ensureInstalled);

  for (const service of services) {
    it(`of ${service} is ready within two seconds of its start`, async () => {
      const known = new Set((await pods(service)).map(({ metadata }) => metadata.uid));
      const [first] = await pods(service);
      await bed().kubectl(['-n', RELEASE_NAMESPACE, 'delete', 'pod', '--wait=false', first?.metadata.name ?? '']);
      const ready = await eventually(
        async () => (await pods(service)).find((pod) => !known.has(pod.metadata.uid) && isReady(pod)) ?? false,
        { timeoutMs: 60_000, intervalMs: 20, what: `a new Pod of ${service} is Ready` },
      );
      const seconds = (await secondsSinceBoot()) - (await startedAt(ready));
      say(`${service}: ready ${seconds.toFixed(2)} s after its process began`);
      expect(seconds).to.be.at.most(READY_SECONDS);
      await waitForPods(2, service);
    });
  }
});
