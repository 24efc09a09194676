import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { applyManifest, ensureBinaries } from '@mooring/testing';
import { startOnce, startWatchdog, type ProcessSpec } from '@mooring/testing/node-parts';
import { bed, repositoryFolder, say } from './bed.ts';

/** A running cert-manager. */
export interface CertManager {
  stop(): Promise<void>;
}

/** Its CRDs: files of a module that is pinned in shared/testing/go/crds. */
async function crdFolder(): Promise<string> {
  const { stdout } = await promisify(execFile)(
    'go',
    ['mod', 'download', '-json', 'github.com/cert-manager/cert-manager'],
    {
      cwd: join(repositoryFolder, 'shared', 'testing', 'go', 'crds'),
      env: { ...process.env, GOFLAGS: '-mod=mod', GOWORK: 'off' },
    },
  );
  return join((JSON.parse(stdout) as { Dir: string }).Dir, 'deploy', 'crds');
}

/**
 * The real cert-manager: its CRDs, and its controller and cainjector as processes of the node, with the administrator's
 * rights. Without its own webhook, which only refuses what is wrong. Ends with this process.
 */
export async function startCertManager(): Promise<CertManager> {
  const folder = await crdFolder();
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.yaml'))) {
    await applyManifest(bed().api, await readFile(join(folder, name), 'utf8'));
  }
  const programs = await ensureBinaries(['cert-manager-controller', 'cert-manager-cainjector'], { log: say });
  const { layout } = bed();
  const watchdog = startWatchdog();
  const start = startOnce({ logFolder: layout.logs, runFolder: join(layout.state, 'cert-manager'), watchdog });
  const common = { isReady: () => Promise.resolve(true), readyTimeoutMs: 30_000, graceMs: 3_000 };
  const kubeconfig = `--kubeconfig=${layout.kubeconfig}`;
  const specs: ProcessSpec[] = [
    {
      ...common,
      name: 'cert-manager-controller',
      command: programs['cert-manager-controller'],
      args: [
        kubeconfig,
        '--leader-elect=false',
        '--controllers=issuers,certificaterequests-issuer-ca,certificaterequests-issuer-selfsigned,certificaterequests-approver,certificates-issuing,certificates-key-manager,certificates-metrics,certificates-readiness,certificates-request-manager,certificates-revision-manager,certificates-trigger',
      ],
    },
    {
      ...common,
      name: 'cert-manager-cainjector',
      command: programs['cert-manager-cainjector'],
      args: [kubeconfig, '--leader-elect=false'],
    },
  ];
  const running = await Promise.all(specs.map((spec) => start(spec)));
  return {
    stop: async () => {
      for (const one of running) await one.stop();
      await watchdog.stop();
      const crds = (await bed().kubectl(['get', 'crd', '-o', 'name'])).split('\n');
      const theirs = crds.filter((name) => name.endsWith('.cert-manager.io'));
      await bed().kubectl(['delete', '--wait', '--timeout=60s', ...theirs]);
    },
  };
}
