import { expect } from 'chai';
import { eventually } from '@mooring/testing';
import { bed, say } from './bed.ts';
import { createTargetOnS3, list, remove, path, waitForFixture, waitForPods, waitUntilReady } from './objects.ts';
import { ensureInstalled, install, OBJECTS, RELEASE_NAMESPACE, uninstall } from './release.ts';
import { fixtureCounts, inventory, s3Server, type StoreServer } from './stores.ts';

const KINDS = ['backuptargets', 'backupvolumes', 'backups', 'backupbackingimages', 'systembackups', 'recurringjobs'];

async function names(): Promise<string[]> {
  const all = await Promise.all(
    KINDS.map(async (kind) => (await list(kind)).map(({ metadata }) => `${kind}/${metadata.name}`)),
  );
  return all.flat().sort();
}

async function expectNothingHeld(): Promise<void> {
  for (const kind of KINDS) {
    for (const { metadata } of await list(kind)) {
      expect(metadata, metadata.name).to.not.have.property('deletionTimestamp');
      expect(metadata['finalizers'] ?? [], metadata.name).to.not.include('longhorn.io');
    }
  }
}

/** No webhook answers, and the API server calls them for every account, as after a tool that drops what it does not know. */
async function breakWebhooks(): Promise<void> {
  const forget = JSON.stringify([{ op: 'remove', path: '/webhooks/0/matchConditions' }]);
  for (const name of ['mutating', 'validating']) {
    const configuration = [`${name}webhookconfiguration`, `mooring-${name}-webhook`];
    await bed().kubectl(['patch', ...configuration, '--type=json', '-p', forget]);
    const deployment = `deployment/mooring-${name}-webhook`;
    await bed().kubectl(['-n', RELEASE_NAMESPACE, 'scale', deployment, '--replicas=0']);
    await waitForPods(0, `${name}-webhook`);
  }
}

describe('uninstall and reinstall', () => {
  let server: StoreServer;

  before(async () => {
    await ensureInstalled();
    server = await s3Server();
    await remove(path('backuptargets', 'e2e-s3'));
    await createTargetOnS3('e2e-kept', server);
    await waitUntilReady('backuptargets', 'e2e-kept');
    await waitForFixture('e2e-kept', await fixtureCounts());
  });

  it('helm uninstall leaves objects, CRDs and every byte of the store, and nothing stuck', async () => {
    const before = { objects: await names(), store: await inventory(server) };
    const startedAt = performance.now();
    await uninstall();
    say(`helm uninstall took ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    expect({ objects: await names(), store: await inventory(server) }).to.deep.equal(before);
    await expectNothingHeld();
    const namespaced = ['-n', RELEASE_NAMESPACE, 'get', 'all', '-o', 'name'];
    // helm does not wait for Pods, which drain first.
    const isEmpty = async () => (await bed().kubectl(namespaced)).trim() === '';
    await eventually(isEmpty, { timeoutMs: 60_000, intervalMs: 500, what: 'the release namespace is empty' });
    const cluster = 'mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicies';
    expect(await bed().kubectl(['get', cluster, '-o', 'name'])).to.not.contain('mooring');
  });

  it('a reinstall works on the objects that stayed', async () => {
    await install();
    await waitUntilReady('backuptargets', 'e2e-kept');
    await waitForFixture('e2e-kept', await fixtureCounts());
  });

  it('helm uninstall leaves nothing stuck while no webhook answers', async () => {
    await breakWebhooks();
    const before = await names();
    await uninstall();
    expect(await names()).to.deep.equal(before);
    await expectNothingHeld();
    await install();
  });

  it('deleting the object namespace hangs on nothing, takes no byte, and all is back after a sync', async () => {
    const before = await inventory(server);
    await bed().kubectl(['delete', 'namespace', OBJECTS, '--wait', '--timeout=90s']);
    expect(await inventory(server)).to.deep.equal(before);
    await uninstall();
    await install();
    await createTargetOnS3('e2e-kept', server);
    await waitUntilReady('backuptargets', 'e2e-kept');
    await waitForFixture('e2e-kept', await fixtureCounts());
  });

  it('deleting the release namespace and then the CRDs hangs on nothing and takes no byte', async () => {
    const before = await inventory(server);
    await bed().kubectl(['delete', 'namespace', RELEASE_NAMESPACE, '--wait', '--timeout=120s']);
    const crds = (await bed().kubectl(['get', 'crd', '-o', 'name'])).split('\n');
    const ours = crds.filter((name) => name.endsWith('.longhorn.io'));
    await bed().kubectl(['delete', '--wait', '--timeout=90s', ...ours]);
    expect(await inventory(server)).to.deep.equal(before);
  });
});
