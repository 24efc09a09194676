import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApiClient, type ApiClient } from '@mooring/testing';
import { waitForLock, type ProcessLock } from '@mooring/testing/node-parts';
import { run, type RunOptions } from './cluster/commands.ts';
import { layoutFor, network, type Layout } from './cluster/layout.ts';
import { startCluster } from './cluster/start-cluster.ts';
import { stopCluster } from './cluster/stop-cluster.ts';
import { guardCluster, type ClusterGuard } from './cluster/guard.ts';

/** The checkout. */
export const repositoryFolder = fileURLToPath(new URL('../../', import.meta.url));

/** The cluster that all tests of a run share, with the tools that a user has. */
export interface Bed {
  layout: Layout;
  /** As the administrator. */
  api: ApiClient;
  kubectl(args: readonly string[], options?: RunOptions): Promise<string>;
  helm(args: readonly string[], options?: RunOptions): Promise<string>;
}

/** Says what goes on: a run takes minutes. */
export function say(line: string): void {
  process.stderr.write(`    ${line}\n`);
}

let current: { bed: Bed; isOurs: boolean; guard: ClusterGuard | undefined; lock: ProcessLock } | undefined;

async function createBed(layout: Layout): Promise<Bed> {
  const text = (name: string) => readFile(join(layout.pki, name), 'utf8');
  const api = createApiClient({
    server: network.apiServer,
    caCertificate: await text('ca.crt'),
    certificate: await text('admin.crt'),
    key: await text('admin.key'),
  });
  const env = { ...process.env, KUBECONFIG: layout.kubeconfig, HELM_CACHE_HOME: join(layout.state, 'helm') };
  // They end with this process, however it ends: a helm that goes on installing would meet the next run.
  const tool = (name: string) => (args: readonly string[], options: RunOptions) =>
    run('setpriv', ['--pdeathsig', 'KILL', '--', join(layout.bin, name), ...args], {
      env,
      timeoutMs: 300_000,
      ...options,
    });
  const [kubectl, helm] = [tool('kubectl'), tool('helm')];
  return {
    layout,
    api,
    kubectl: (args, options = {}) => kubectl(args, options),
    helm: (args, options = {}) => helm(args, options),
  };
}

/** The bed: brings the cluster up unless it is; from then on a guard takes it down should this process die. */
export async function openBed(): Promise<Bed> {
  if (current !== undefined) return current.bed;
  await mkdir(dirname(layoutFor().lockFile), { recursive: true });
  // Two runs on one cluster would remove each other's release.
  const lock = await waitForLock(`${layoutFor().lockFile}.e2e`, () => {
    say('another test:e2e is at work on this cluster; waiting for it …');
  });
  const guard = await guardCluster(layoutFor());
  const { layout, isNew } = await startCluster(say).catch(async (error: unknown) => {
    await lock.release();
    throw error;
  });
  if (!isNew) await guard.standDown();
  const bed = await createBed(layout);
  current = { bed, isOurs: isNew, guard: isNew ? guard : undefined, lock };
  return bed;
}

/** The bed of this run; `setup.ts` has opened it. */
export function bed(): Bed {
  if (current === undefined) throw new Error("failed to find cluster 'bed': test/e2e/setup.ts opens it");
  return current.bed;
}

/** Leaves the cluster as it was found: down, if this run brought it up. */
export async function closeBed(): Promise<void> {
  if (current === undefined) return;
  const {
    bed: { api },
    isOurs,
    guard,
    lock,
  } = current;
  current = undefined;
  api.close();
  if (isOurs) await stopCluster(say);
  await guard?.standDown();
  await lock.release();
}
