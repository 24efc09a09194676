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

  it('lets certificates live for months, made by the webhooks themselves', () => {
    expect(readWebhookConfig({})).to.deep.include({
      certificateMode: 'self',
      caLifetime: '8760h',
      leafLifetime: '2160h',
    });
  });

  it('refuses lifetimes of which the authority’s is less than three times the certificate’s, and what is none', () => {
    const read = (ca: string, leaf: string) => () =>
      readWebhookConfig({ MOORING_CA_LIFETIME: ca, MOORING_LEAF_LIFETIME: leaf });
    expect(read('30s', '10s')).to.not.throw();
    expect(read('29s', '10s')).to.throw(/MOORING_CA_LIFETIME is less than three times/);
    expect(read('1d', '1h')).to.throw(/MOORING_CA_LIFETIME/);
    expect(read('8760h', '-1h')).to.throw(/MOORING_LEAF_LIFETIME/);
  });
});
