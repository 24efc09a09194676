import { expect } from 'chai';
import { eventually } from '@mooring/testing';
import { bed } from './bed.ts';
import { kubectl, kubectlApply } from './kubectl.ts';
import { get, pods, waitForPods } from './objects.ts';
import { ensureInstalled, OBJECTS, RELEASE_NAMESPACE } from './release.ts';

const WEBHOOKS = ['mutating-webhook', 'validating-webhook'] as const;

function target(name: string, url: string): string {
  return JSON.stringify({
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'BackupTarget',
    metadata: { name, namespace: OBJECTS },
    spec: { backupTargetURL: url, pollInterval: '0s' },
  });
}

async function scaleWebhooks(replicas: number): Promise<void> {
  for (const name of WEBHOOKS) {
    const args = ['scale', 'deployment', `mooring-${name}`, `--replicas=${String(replicas)}`];
    await bed().kubectl(['-n', RELEASE_NAMESPACE, ...args]);
  }
  for (const name of WEBHOOKS) await waitForPods(replicas, name);
}

describe('admission through the Service', () => {
  before(ensureInstalled);

  it('fills in what a user leaves out', async () => {
    const { output } = await kubectlApply(target('e2e-plain', 's3://e2e-plain@us-east-1/'));
    expect(output).to.contain('backuptarget.longhorn.io/e2e-plain created');
    expect((await get('backuptargets', 'e2e-plain')).metadata['finalizers']).to.deep.equal(['longhorn.io']);
  });

  it('refuses a second target of one store, with the field and the cure', async () => {
    const { isRefused, output } = await kubectlApply(target('e2e-copy', 's3://E2E-plain@us-east-1/'));
    expect(isRefused).to.equal(true);
    expect(output).to.match(/spec\.backupTargetURL: .* is the same to backup target e2e-plain: use e2e-plain, or/);
  });

  it('refuses a scheme that is not allowed, and one of our kinds in another namespace', async () => {
    const scheme = await kubectlApply(target('e2e-vfs', 'vfs:///tmp/e2e'));
    expect(scheme).to.include({ isRefused: true });
    const other = await kubectlApply(target('e2e-other', 's3://e2e-other@us-east-1/').replace(OBJECTS, 'default'));
    expect(other.isRefused).to.equal(true);
    expect(other.output).to.contain(OBJECTS);
  });

  it('writes nothing in a dry run', async () => {
    const { isRefused } = await kubectl(
      ['apply', '--dry-run=server', '-f', '-'],
      target('e2e-dry', 's3://e2e-dry@us-east-1/'),
    );
    expect(isRefused).to.equal(false);
    const { output } = await kubectl(['-n', OBJECTS, 'get', 'backuptarget', 'e2e-dry']);
    expect(output).to.contain('NotFound');
  });

  it('protects the default target, and refuses all writes of ours, while no webhook runs', async () => {
    await scaleWebhooks(0);
    try {
      for (const which of [['default'], ['--all']]) {
        const { isRefused, output } = await kubectl(['-n', OBJECTS, 'delete', 'backuptarget', ...which]);
        expect(isRefused).to.equal(true);
        expect(output).to.match(/deleting default backup target is not allowed|failed calling webhook/);
      }
      expect((await get('backuptargets', 'default')).metadata).to.not.have.property('deletionTimestamp');
      const { isRefused, output } = await kubectlApply(target('e2e-down', 's3://e2e-down@us-east-1/'));
      expect(isRefused).to.equal(true);
      expect(output).to.contain('failed calling webhook');
    } finally {
      await scaleWebhooks(2);
    }
    await eventually(async () => !(await kubectlApply(target('e2e-up', 's3://e2e-up@us-east-1/'))).isRefused, {
      timeoutMs: 30_000,
      what: 'a write is admitted again',
    });
  });

  it('recovers by itself when all webhooks are killed at once', async () => {
    const all = (await Promise.all(WEBHOOKS.map((name) => pods(name)))).flat().map(({ metadata }) => metadata.name);
    await bed().kubectl(['-n', RELEASE_NAMESPACE, 'delete', 'pod', '--grace-period=0', '--force', ...all]);
    for (const name of WEBHOOKS) await waitForPods(2, name);
    await eventually(async () => !(await kubectlApply(target('e2e-again', 's3://e2e-again@us-east-1/'))).isRefused, {
      timeoutMs: 30_000,
      what: 'a write is admitted again',
    });
  });
});
