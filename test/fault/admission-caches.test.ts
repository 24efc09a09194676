import { expect } from 'chai';
import { KubeClient } from '@mooring/runtime';
import { eventually, freePort, startApiProxy, temporaryFolder } from '@mooring/testing';
import type { ApiProxy } from '@mooring/testing';
import { mutatingWebhook } from '../../services/mutating-webhook/src/webhook.ts';
import { validatingWebhook } from '../../services/validating-webhook/src/webhook.ts';
import {
  RELEASE,
  clientOf,
  isReady,
  probe,
  refusal,
  startAdmissionCluster,
  startWebhook,
  untilUsed,
} from '../integration/admission-cluster.ts';
import type { AdmissionCluster } from '../integration/admission-cluster.ts';

describe('a webhook that is cut off from the API server', function () {
  this.timeout(90_000);
  let cluster: AdmissionCluster;
  let proxy: ApiProxy;
  const stops: (() => Promise<void>)[] = [];

  before(async () => {
    const [mutatingPort, validatingPort] = [await freePort(), await freePort()];
    cluster = await startAdmissionCluster({
      mutating: `https://127.0.0.1:${String(mutatingPort)}`,
      validating: `https://127.0.0.1:${String(validatingPort)}`,
    });
    const client = await clientOf(cluster, 'mutating-webhook');
    stops.push(startWebhook({ kind: mutatingWebhook, port: mutatingPort, client }).stop);
    proxy = await startApiProxy(cluster.plane, {
      folder: await temporaryFolder('admission-proxy'),
      as: { namespace: RELEASE, name: 'mooring-validating-webhook' },
    });
    // The first list of targets is never answered: the certificate serves before the caches are filled.
    proxy.hang({ when: ({ operation, url }) => operation === 'LIST' && url.includes('/backuptargets') });
    const validating = startWebhook({
      kind: validatingWebhook,
      port: validatingPort,
      client: await KubeClient.fromKubeconfig(proxy.kubeconfig),
    });
    stops.push(validating.stop);
    validatingReady = () => isReady(validating.webhook);
    await eventually(() => validating.webhook.readiness['trust']?.() === undefined, { what: 'the CA is trusted' });
  });

  after(async () => {
    proxy.clear();
    for (const stop of stops) await stop();
    await proxy.stop();
    await cluster.stop();
  });

  let validatingReady: () => boolean;

  it('says "try again" instead of guessing while its cache was never filled', async () => {
    await eventually(async () => {
      const { status, text } = await refusal(probe(cluster));
      expect(text).to.include('cache of backup targets is not filled yet');
      expect(text).to.include('try again');
      expect(status).to.equal(503);
    });
    expect(validatingReady()).to.equal(false);
  });

  it('judges once the cache is filled', async () => {
    proxy.clear();
    proxy.cut();
    await untilUsed(cluster);
    await eventually(() => validatingReady());
  });

  it('says "try again" when its caches have lost their watch, and judges again when it is back', async () => {
    await proxy.refuse();
    await eventually(
      async () => {
        const { status, text } = await refusal(probe(cluster));
        expect(text).to.match(/cache of backup targets has had no connection for \d+ s; try again in a moment/);
        expect(status).to.equal(503);
      },
      { timeoutMs: 20_000 },
    );
    expect(validatingReady()).to.equal(false);
    await proxy.listen();
    await eventually(() => probe(cluster), { timeoutMs: 45_000 });
    await eventually(() => validatingReady(), { timeoutMs: 45_000 });
  });
});
