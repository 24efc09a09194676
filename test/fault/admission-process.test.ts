import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { eventually, freePort, temporaryFolder } from '@mooring/testing';
import {
  OBJECTS,
  RELEASE,
  manifest,
  probe,
  refusal,
  repositoryFolder,
  startAdmissionCluster,
  untilUsed,
} from '../integration/admission-cluster.ts';
import type { AdmissionCluster } from '../integration/admission-cluster.ts';

interface Service {
  readonly child: ChildProcess;
  readonly healthPort: number;
  /** All that it wrote to stdout, once it has ended. */
  readonly output: Promise<string>;
}

describe('the webhook processes', function () {
  this.timeout(120_000);
  let cluster: AdmissionCluster;
  const ports: Record<string, number> = {};
  const services: Record<string, Service> = {};

  before(async () => {
    ports['mutating'] = await freePort();
    ports['validating'] = await freePort();
    cluster = await startAdmissionCluster({
      mutating: `https://127.0.0.1:${String(ports['mutating'])}`,
      validating: `https://127.0.0.1:${String(ports['validating'])}`,
    });
    await Promise.all(['mutating', 'validating'].map(start));
    await untilUsed(cluster);
  });

  after(async () => {
    for (const { child } of Object.values(services)) child.kill('SIGKILL');
    await cluster.stop();
  });

  async function start(name: string): Promise<void> {
    const folder = await temporaryFolder('webhook');
    const { token } = await cluster.plane.tokenFor({ namespace: RELEASE, name: `mooring-${name}-webhook` });
    await writeFile(join(folder, 'token'), token);
    await writeFile(join(folder, 'kubeconfig'), cluster.plane.kubeconfigFor(join(folder, 'token'), RELEASE));
    const healthPort = await freePort();
    const child = spawn(process.execPath, [join(repositoryFolder, `services/${name}-webhook/src/main.ts`)], {
      env: {
        PATH: process.env['PATH'],
        KUBECONFIG: join(folder, 'kubeconfig'),
        MOORING_OBJECT_NAMESPACE: OBJECTS,
        MOORING_NAMESPACE: RELEASE,
        MOORING_HEALTH_ADDRESS: '127.0.0.1',
        MOORING_HEALTH_PORT: String(healthPort),
        MOORING_WEBHOOK_ADDRESS: '127.0.0.1',
        MOORING_WEBHOOK_PORT: String(ports[name]),
        // Long enough for twenty reviews on a busy machine: there is no second replica that would take those that come after it.
        MOORING_DRAIN_MS: '3000',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    services[name] = { child, healthPort, output: text(child.stdout) };
    await eventually(async () => (await fetch(`http://127.0.0.1:${String(healthPort)}/readyz`)).ok, {
      timeoutMs: 30_000,
      what: `${name}-webhook is ready`,
    });
  }

  function service(name: string): Service {
    const found = services[name];
    if (found === undefined) throw new Error(`failed to find service '${name}'`);
    return found;
  }

  it('count and time their reviews', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${String(service('validating').healthPort)}/metrics`)).text();
    expect(metrics).to.match(/mooring_admission_reviews_total\{[^}]*operation="CREATE"[^}]*\} \d+/);
    expect(metrics).to.include('mooring_admission_review_seconds');
  });

  it('leave their trace on what they complete, for the controllers to go on with', async () => {
    const { metadata } = await cluster.admin.request<{ metadata: { annotations?: Record<string, string> } }>({
      method: 'POST',
      path: `${cluster.path('backuptargets')}?dryRun=All`,
      body: manifest('BackupTarget', 'traced', { spec: {} }),
    });
    expect(metadata.annotations?.['mooring.io/traceparent']).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
  });

  it('refuse writes while one is dead, except the controllers’, and go on when it is back', async () => {
    const { child } = service('validating');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { status, text: message } = await refusal(probe(cluster));
    expect(status).to.equal(500);
    expect(message).to.include('failed calling webhook "validator.longhorn.io"');
    const controller = await cluster.as('target-controller');
    const body = manifest('BackupTarget', 'default', { spec: {} });
    await controller.request({ method: 'POST', path: cluster.path('backuptargets'), body });
    await start('validating');
    await untilUsed(cluster);
  });

  it('answer every review that runs when they are told to stop, and end well', async () => {
    const { child, healthPort, output } = service('validating');
    const running = Array.from({ length: 20 }, () =>
      probe(cluster).then(
        () => true,
        () => false,
      ),
    );
    // All have been sent when the first is answered; the drain takes the rest.
    await Promise.race(running);
    child.kill('SIGTERM');
    const readyz = `http://127.0.0.1:${String(healthPort)}/readyz`;
    await eventually(async () => (await fetch(readyz).catch(() => undefined))?.ok !== true);
    expect(await Promise.all(running)).to.not.include(false);
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).to.equal(0);
    expect(await output).to.not.include('"level":"error"');
    await start('validating');
    await untilUsed(cluster);
  });

  it('do not hinder the deletion of the object namespace, the default target in it included', async () => {
    await cluster.admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${OBJECTS}` });
    await eventually(
      async () => {
        const { status } = await refusal(cluster.admin.request({ path: `/api/v1/namespaces/${OBJECTS}` }));
        expect(status).to.equal(404);
      },
      { timeoutMs: 60_000, what: 'the object namespace is gone' },
    );
  });
});
