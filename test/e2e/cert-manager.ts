import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { applyManifest, ensureBinaries } from '@mooring/testing';
import { startGuarded } from '@mooring/testing/node-parts';
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
 * cert-manager: its CRDs, and its own controllers and cainjector in one process of the node, with the administrator's
 * rights (shared/testing/go/cert-manager). Without its webhook, which only refuses what is wrong. Ends with this process.
 */
export async function startCertManager(): Promise<CertManager> {
  const folder = await crdFolder();
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.yaml'))) {
    await applyManifest(bed().api, await readFile(join(folder, name), 'utf8'));
  }
  const programs = await ensureBinaries(['cert-manager'], { log: say });
  const { layout } = bed();
  const running = await startGuarded(join(layout.state, 'cert-manager'), {
    name: 'cert-manager',
    command: programs['cert-manager'],
    args: [layout.kubeconfig],
    // It serves nothing here; that it does its work shows in the first certificate.
    isReady: () => Promise.resolve(true),
    readyTimeoutMs: 30_000,
    graceMs: 3_000,
  });
  return {
    stop: async () => {
      await running.stop();
      const crds = (await bed().kubectl(['get', 'crd', '-o', 'name'])).split('\n');
      const theirs = crds.filter((name) => name.endsWith('.cert-manager.io'));
      await bed().kubectl(['delete', '--wait', '--timeout=60s', ...theirs]);
    },
  };
}
