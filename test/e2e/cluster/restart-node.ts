import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@mooring/testing';
import { startOnce, type ProcessSpec } from '@mooring/testing/node-parts';
import { run } from './commands.ts';
import { kill, killContainers } from './kill-processes.ts';
import { layoutFor, type Layout } from './layout.ts';
import { noWatchdog } from './start-cluster.ts';
import { clusterProcesses } from './state.ts';

/** The words of `/proc/PID/cmdline` or `/proc/PID/environ`. */
async function wordsOf(pid: number, file: 'cmdline' | 'environ'): Promise<string[]> {
  return (await readFile(`/proc/${String(pid)}/${file}`, 'utf8')).split('\0').slice(0, -1);
}

/** How a process that runs now was started, to start it so again. */
async function specOf(layout: Layout, name: string, isReady: () => Promise<boolean>): Promise<ProcessSpec> {
  const { pid } = (await clusterProcesses(layout)).find((one) => one.name === name) ?? { pid: 0 };
  const [command = '', ...args] = await wordsOf(pid, 'cmdline');
  const environment = (await wordsOf(pid, 'environ')).map((word) => word.split(/=(.*)/s).slice(0, 2));
  const env = Object.fromEntries(environment) as NodeJS.ProcessEnv;
  return { name, command, args, env, isReady, readyTimeoutMs: 60_000, graceMs: 0 };
}

/**
 * A power cut and a new start of the node, as far as one machine can: kubelet, containerd, the shims and every container
 * die at once, then containerd and kubelet start. The control plane stays, as if it were on another machine.
 */
export async function restartNode(): Promise<void> {
  const layout = layoutFor();
  const ctr = join(layout.bin, 'ctr');
  const containerd = await specOf(layout, 'containerd', () =>
    run(ctr, ['-a', layout.containerdSocket, 'version']).then(() => true),
  );
  const kubelet = await specOf(layout, 'kubelet', async () => (await fetch('http://127.0.0.1:10248/healthz')).ok);
  for (const { name, pid } of await clusterProcesses(layout)) {
    if (name === 'kubelet' || name === 'containerd') kill(pid);
  }
  await killContainers(layout);
  const start = startOnce({ logFolder: layout.logs, runFolder: layout.run, watchdog: noWatchdog });
  await start(containerd);
  // containerd answers a moment before its CRI does, and the kubelet ends without it; an init system starts it again.
  await eventually(() => start(kubelet), { timeoutMs: 60_000, intervalMs: 500, what: 'the kubelet runs' });
}
