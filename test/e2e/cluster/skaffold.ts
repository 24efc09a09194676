import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder, ensureBinaries } from '@mooring/testing';
import { layoutFor, network } from './layout.ts';

// `npm run skaffold -- dev`: skaffold with the helm and kubectl that it needs, on the cluster of KUBECONFIG, else on that
// of `npm run cluster:up`.

/** No questions, no reports to its makers. */
const CONFIG = `global:
  collect-metrics: false
  survey: { disable-prompt: true }
  update-check: false
`;

/** A folder with the programs under the names that skaffold calls. */
async function linkPrograms(folder: string): Promise<string> {
  const { skaffold, helm3, kubectl } = await ensureBinaries(['skaffold', 'helm3', 'kubectl']);
  await mkdir(folder, { recursive: true });
  for (const [name, program] of Object.entries({ helm: helm3, kubectl })) {
    await rm(join(folder, name), { force: true });
    await symlink(program, join(folder, name));
  }
  return skaffold;
}

/** What leads skaffold to the cluster. */
function clusterEnvironment(): NodeJS.ProcessEnv {
  if (process.env['KUBECONFIG']) return {};
  const { kubeconfig, readyFile } = layoutFor();
  if (!existsSync(readyFile)) {
    throw new Error("failed to find cluster 'mooring': it is not up; npm run cluster:up, or set KUBECONFIG");
  }
  return { KUBECONFIG: kubeconfig, SKAFFOLD_DEFAULT_REPO: network.registry };
}

const cluster = clusterEnvironment();
const folder = join(cacheFolder(), 'skaffold');
const skaffold = await linkPrograms(join(folder, 'bin'));
const config = join(folder, 'config');
await writeFile(config, CONFIG);

const path = [join(folder, 'bin'), dirname(process.execPath), process.env['PATH'] ?? ''].join(':');
// Fifth of a second: how long a source must lie still before it is built.
const env = { SKAFFOLD_CONFIG: config, SKAFFOLD_WATCH_POLL_INTERVAL: '200', ...process.env, ...cluster, PATH: path };
const child = spawn(skaffold, process.argv.slice(2), { env, stdio: 'inherit' });
// Ctrl-C reaches both; skaffold then removes what it deployed, and this waits for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
});
