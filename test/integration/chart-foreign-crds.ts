/** The CRDs of kinds that the chart describes for other projects' operators. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { applyManifest } from '@mooring/testing';
import type { ApiClient } from '@mooring/testing';
import { repositoryFolder } from './admission-cluster.ts';

const run = promisify(execFile);

/** Where they are in their Go modules; the versions are pinned in shared/testing/go/crds. */
const CRDS: readonly [module: string, folder: string, names: readonly string[]][] = [
  [
    'github.com/cert-manager/cert-manager',
    'deploy/crds',
    ['cert-manager.io_certificates.yaml', 'cert-manager.io_issuers.yaml'],
  ],
  [
    'github.com/prometheus-operator/prometheus-operator',
    'example/prometheus-operator-crd',
    ['monitoring.coreos.com_prometheusrules.yaml', 'monitoring.coreos.com_servicemonitors.yaml'],
  ],
];

/** Installs them, as their projects publish them: Certificate, Issuer, PrometheusRule, ServiceMonitor. Needs Go. */
export async function applyForeignCrds(api: ApiClient): Promise<void> {
  for (const [module, folder, names] of CRDS) {
    const root = await moduleFolder(module);
    for (const name of names) await applyManifest(api, await readFile(join(root, folder, name), 'utf8'));
  }
}

/** The folder of a module in Go's cache, checked against our go.sum; downloaded when it is not there. */
async function moduleFolder(module: string): Promise<string> {
  const { stdout } = await run('go', ['mod', 'download', '-json', module], {
    cwd: join(repositoryFolder, 'shared/testing/go/crds'),
    env: { ...process.env, GOFLAGS: '-mod=mod', GOWORK: 'off' },
  });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}
