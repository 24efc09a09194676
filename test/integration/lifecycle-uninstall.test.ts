import { expect } from 'chai';
import { API_VERSION, kinds, resources } from '@mooring/api';
import { coreResources } from '@mooring/runtime';
import { eventually } from '@mooring/testing';
import { FolderStore } from './folder-store.ts';
import { digest, type LifecycleCluster, OBJECTS, RELEASE, startLifecycleCluster } from './lifecycle-cluster.ts';
import { allObjects, createSynced, heldOf, namesOf, whenSynced } from './lifecycle-objects.ts';

const CRDS = kinds.map(({ resource }) => `${resource.plural}.${resource.group}`);
const CONTROLLERS = ['backup-controller', 'target-controller', 'volume-controller'];

describe('the life of an installation', function () {
  this.timeout(300_000);
  // Each test goes on where the one before it ended.
  this.bail(true);
  let cluster: LifecycleCluster;
  let store: FolderStore;
  let bytes: string;
  let names: string[];

  before(async () => {
    cluster = await startLifecycleCluster({ runsServices: true });
    store = await FolderStore.fixture();
    await cluster.install();
    names = namesOf(await createSynced(cluster, store));
    bytes = await digest(store.folder);
  });

  after(() => cluster.stop());

  afterEach(async () => {
    expect(await digest(store.folder)).to.equal(bytes);
  });

  /** As a restored cluster or a real Longhorn has them: with the finalizer. */
  const createForeign = async (): Promise<void> => {
    const metadata = (name: string): object => ({ name, namespace: OBJECTS, finalizers: ['longhorn.io'] });
    const specs = {
      volumes: ['Volume', { size: '2097152', numberOfReplicas: 1 }],
      snapshots: ['Snapshot', { volume: 'foreign' }],
      recurringjobs: ['RecurringJob', { cron: '0 0 * * *', task: 'backup', retain: 1 }],
    } as const;
    for (const [plural, [kind, spec]] of Object.entries(specs)) {
      const path = `/apis/longhorn.io/v1beta2/namespaces/${OBJECTS}/${plural}`;
      const body = { apiVersion: API_VERSION, kind, metadata: metadata('foreign'), spec };
      await eventually(() => cluster.plane.api.request({ method: 'POST', path, body }), { timeoutMs: 30_000 });
    }
  };
  const crdsGone = async (): Promise<boolean> => {
    const found = await Promise.all(CRDS.map((name) => cluster.get(coreResources.customResourceDefinitions, name)));
    return found.every((crd) => crd === undefined);
  };

  it('lets a Volume, a Snapshot and a RecurringJob of a real Longhorn go when they are deleted', async () => {
    await createForeign();
    for (const plural of ['recurringjobs', 'snapshots', 'volumes']) {
      const path = `/apis/longhorn.io/v1beta2/namespaces/${OBJECTS}/${plural}/foreign`;
      await cluster.plane.api.request({ method: 'DELETE', path });
    }
    await eventually(async () => namesOf(await allObjects(cluster)).join() === names.join(), { timeoutMs: 20_000 });
  });

  it('uninstall leaves objects and CRDs without our finalizer, others’ as they are, and nothing in deletion', async () => {
    const keep = ['longhorn.io', 'example.com/keep'];
    const [name] = names.filter((one) => one.startsWith('Backup/')).map((one) => one.slice('Backup/'.length));
    const ref = { namespace: OBJECTS, name: name ?? '' };
    await cluster.kube.patch(resources.backups, ref, { metadata: { finalizers: keep } }, { kind: 'merge' });
    await cluster.helm('uninstall', 'mooring');
    const run = cluster.node.hookRuns.at(-1);
    expect(run?.exitCode, run?.output).to.equal(0);
    expect(run?.output)
      .to.contain('the controllers are stopped')
      .and.contain(`finalizer off ${String(names.length)} objects`);
    const objects = await allObjects(cluster);
    expect(namesOf(objects)).to.deep.equal(names);
    expect(heldOf(objects)).to.deep.equal([]);
    expect(objects.filter(({ metadata }) => metadata.deletionTimestamp)).to.deep.equal([]);
    expect(objects.flatMap(({ metadata }) => metadata.finalizers ?? [])).to.deep.equal(['example.com/keep']);
    for (const type of [coreResources.mutatingWebhookConfigurations, coreResources.validatingWebhookConfigurations]) {
      expect((await cluster.kube.list(type)).items).to.deep.equal([]);
    }
    await cluster.kube.patch(resources.backups, ref, { metadata: { finalizers: null } }, { kind: 'merge' });
    await cluster.kube.delete(resources.backups, ref);
    expect(await cluster.get(resources.backups, ref.name, OBJECTS)).to.equal(undefined);
    await eventually(() => cluster.node.services.length === 0, { timeoutMs: 30_000 });
  });

  it('installed again, puts the finalizers back and brings back what was deleted meanwhile', async () => {
    await cluster.install();
    expect(namesOf(await whenSynced(cluster))).to.deep.equal(names);
  });

  it('the object namespace goes when it is deleted first, and comes back with an upgrade', async () => {
    await createForeign();
    await cluster.kube.delete(coreResources.namespaces, { name: OBJECTS });
    await cluster.namespaceGone(OBJECTS);
    await cluster.upgrade();
    expect(namesOf(await createSynced(cluster, store))).to.deep.equal(names);
  });

  it('the release namespace goes when it is deleted first, and nothing hangs after it', async () => {
    await cluster.kube.delete(coreResources.namespaces, { name: RELEASE });
    await cluster.namespaceGone(RELEASE);
    const left = await allObjects(cluster);
    expect(namesOf(left)).to.deep.equal(names);
    expect(heldOf(left)).to.deep.equal([]);
    await cluster.kube.delete(coreResources.namespaces, { name: OBJECTS });
    await cluster.namespaceGone(OBJECTS);
    await cluster.install();
    expect(namesOf(await createSynced(cluster, store))).to.deep.equal(names);
  });

  it('the CRDs go when they are deleted first, then the rest, and all comes back', async () => {
    await Promise.all(CRDS.map((name) => cluster.kube.delete(coreResources.customResourceDefinitions, { name })));
    await eventually(crdsGone, { timeoutMs: 60_000, what: 'the CRDs are gone' });
    await cluster.helm('uninstall', 'mooring');
    expect(cluster.node.hookRuns.at(-1)?.exitCode).to.equal(0);
    await cluster.install('again');
    expect(namesOf(await createSynced(cluster, store))).to.deep.equal(names);
  });

  it('an uninstall while the object namespace is being deleted ends, and so does that', async () => {
    await createForeign();
    await cluster.kube.delete(coreResources.namespaces, { name: OBJECTS });
    await cluster.helm('uninstall', 'again');
    await cluster.namespaceGone(OBJECTS);
    await eventually(() => CONTROLLERS.every((name) => !cluster.node.services.includes(name)), { timeoutMs: 30_000 });
    await cluster.install();
    expect(namesOf(await createSynced(cluster, store))).to.deep.equal(names);
  });

  it('a CRD and a namespace that hang for want of a controller are freed by the next installation', async () => {
    cluster.node.isPaused = true;
    await cluster.helm('uninstall', 'mooring', '--no-hooks');
    cluster.node.isPaused = false;
    await eventually(() => cluster.node.services.length === 0, { timeoutMs: 30_000 });
    expect(heldOf(await allObjects(cluster))).to.deep.equal(names);
    await cluster.kube.delete(coreResources.namespaces, { name: OBJECTS });
    await cluster.kube.delete(coreResources.customResourceDefinitions, { name: 'backups.longhorn.io' });
    await cluster.install();
    expect(cluster.node.hookRuns.at(-1)?.output).to.contain('deletion is under way');
    expect(namesOf(await createSynced(cluster, store))).to.deep.equal(names);
  });
});
