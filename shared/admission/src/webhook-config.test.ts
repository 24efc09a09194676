import { expect } from 'chai';
import { readWebhookConfig } from './webhook-config.ts';

describe('readWebhookConfig', () => {
  it('drains for ten seconds in a pod, where clients must learn that the endpoint goes', () => {
    expect(readWebhookConfig({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }).drainMs).to.equal(10_000);
  });

  it('drains not at all elsewhere, and as long as it is told', () => {
    expect(readWebhookConfig({}).drainMs).to.equal(0);
    expect(readWebhookConfig({ MOORING_DRAIN_MS: '250' }).drainMs).to.equal(250);
  });

  it('takes the ports and hosts of every service', () => {
    const config = readWebhookConfig({ MOORING_WEBHOOK_PORT: '1234', MOORING_WEBHOOK_HOSTS: 'a.example,10.1.2.3' });
    expect(config).to.deep.include({ webhookPort: 1234, webhookHosts: ['a.example', '10.1.2.3'] });
  });

  it('refuses a drain that outlives the pod', () => {
    expect(() => readWebhookConfig({ MOORING_DRAIN_MS: '60000' })).to.throw(/MOORING_DRAIN_MS/);
  });
});
