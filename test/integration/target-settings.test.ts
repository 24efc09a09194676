import { type Setting, resources } from '@mooring/api';
import { coreResources } from '@mooring/runtime';
import { eventually } from '@mooring/testing';
import { expect } from 'chai';
import { createTargetSetup, type TargetSetup } from './target-setup.ts';

describe('the Settings of the installation', function () {
  this.timeout(60_000);
  let setup: TargetSetup;
  const name = 'longhorn-default-resource';

  beforeEach(async () => {
    setup = await createTargetSetup();
    await setup.start();
  });
  afterEach(() => setup.stop());

  const valueOf = async (setting: string): Promise<string | undefined> =>
    (await setup.get<Setting>(resources.settings, setting))?.value;

  function say(lines: string): { data: Record<string, string> } {
    return { data: { 'default-setting.yaml': lines } };
  }

  it('follow their ConfigMap, and keep what a user changed until it says something new', async () => {
    const { kube, namespace } = setup;
    const metadata = { namespace, name };
    const first = { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...say('failed-backup-ttl: "60"\nno-such: 1') };
    await kube.create(coreResources.configMaps, first);
    await eventually(async () => (await valueOf('failed-backup-ttl')) === '60');

    await kube.patch(resources.settings, { namespace, name: 'failed-backup-ttl' }, { value: '90' }, { kind: 'merge' });
    const second = say('failed-backup-ttl: "60"\nbackup-compression-method: gzip');
    await kube.patch(coreResources.configMaps, { namespace, name }, second, { kind: 'merge' });
    await eventually(async () => (await valueOf('backup-compression-method')) === 'gzip');
    expect(await valueOf('failed-backup-ttl')).to.equal('90');

    await kube.patch(coreResources.configMaps, { namespace, name }, say('failed-backup-ttl: 120'), { kind: 'merge' });
    await eventually(async () => (await valueOf('failed-backup-ttl')) === '120');
    expect(await valueOf('backup-compression-method')).to.equal('gzip');
  });

  it('are left to whoever set them first', async () => {
    const { kube, namespace } = setup;
    const setting = {
      apiVersion: 'longhorn.io/v1beta2',
      kind: 'Setting',
      metadata: { namespace, name: 'backup-concurrent-limit' },
    };
    await kube.create(resources.settings, { ...setting, value: '7' });
    const metadata = { namespace, name };
    const lines = say('backup-concurrent-limit: 3\nrestore-concurrent-limit: 3');
    await kube.create(coreResources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...lines });
    await eventually(async () => (await valueOf('restore-concurrent-limit')) === '3');
    expect(await valueOf('backup-concurrent-limit')).to.equal('7');
  });
});
