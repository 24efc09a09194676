import { expect } from 'chai';
import { kinds } from '@mooring/api';
import { coreResources } from '@mooring/runtime';
import { applyObjects, eventually, type KubeManifest, readCrds } from '@mooring/testing';
import { helmError, type LifecycleCluster, OBJECTS, RELEASE, startLifecycleCluster } from './lifecycle-cluster.ts';

const CRDS = kinds.map(({ resource }) => `${resource.plural}.${resource.group}`);
const VERSION = 'mooring.io/crd-version';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
}

interface Crd {
  readonly metadata: {
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly versions: readonly { readonly additionalPrinterColumns: readonly Column[] }[] };
}

describe('installing with helm', function () {
  this.timeout(120_000);
  // Each test goes on where the one before it ended.
  this.bail(true);
  let cluster: LifecycleCluster;

  before(async () => {
    cluster = await startLifecycleCluster({ runsServices: false });
  });

  after(() => cluster.stop());

  beforeEach(() => {
    cluster.node.hookRuns.length = 0;
  });

  const crd = async (name: string): Promise<Crd | undefined> =>
    await cluster.get<Crd>(coreResources.customResourceDefinitions, name);
  const removeCrd = async (name: string): Promise<void> => {
    await cluster.kube.delete(coreResources.customResourceDefinitions, { name });
    await eventually(async () => (await crd(name)) === undefined, { timeoutMs: 30_000, what: `CRD ${name} gone` });
  };
  const versions = async (): Promise<(string | undefined)[]> =>
    await Promise.all(CRDS.map(async (name) => (await crd(name))?.metadata.annotations?.[VERSION]));
  const columns = async (name: string): Promise<string[]> =>
    (await crd(name))?.spec.versions[0]?.additionalPrinterColumns.map((column) => column.name) ?? [];
  /** A definition that says it is of `version`, with a column of that name. */
  const rewrite = async (name: string, version: string): Promise<void> => {
    const patch = [
      { op: 'add', path: '/metadata/annotations/mooring.io~1crd-version', value: version },
      {
        op: 'add',
        path: '/spec/versions/0/additionalPrinterColumns/-',
        value: { name: version, type: 'string', jsonPath: '.metadata.uid' },
      },
    ];
    await cluster.kube.patch(coreResources.customResourceDefinitions, { name }, patch, { kind: 'json' });
  };
  const lastHook = (): { exitCode: number | undefined; output: string } => {
    const run = cluster.node.hookRuns.at(-1);
    return { exitCode: run?.exitCode, output: run?.output ?? '' };
  };

  const daemonSet = (namespace: string): KubeManifest => ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'longhorn-manager', namespace, labels: { app: 'longhorn-manager' } },
    spec: {
      selector: { matchLabels: { app: 'longhorn-manager' } },
      template: {
        metadata: { labels: { app: 'longhorn-manager' } },
        spec: { containers: [{ name: 'manager', image: 'longhornio/longhorn-manager' }] },
      },
    },
  });
  const removeManager = async (namespace: string): Promise<void> => {
    const path = `/apis/apps/v1/namespaces/${namespace}/daemonsets/longhorn-manager`;
    await cluster.plane.api.request({ method: 'DELETE', path });
  };
  /** Of a release whose hook is not looked at. */
  const remove = (release = 'mooring'): Promise<string> => cluster.helm('uninstall', release, '--no-hooks');
  const labelAsLonghorns = async (isLonghorns: boolean): Promise<void> => {
    const patch = {
      metadata: {
        labels: { 'app.kubernetes.io/name': isLonghorns ? 'longhorn' : null },
        annotations: { [VERSION]: isLonghorns ? null : '0.0.0' },
      },
    };
    for (const name of CRDS) {
      await cluster.kube.patch(coreResources.customResourceDefinitions, { name }, patch, { kind: 'merge' });
    }
  };

  it('brings the CRDs by its hook, with the rights of the hook alone, and leaves nothing of the hook behind', async () => {
    await cluster.install();
    expect(new Set(await versions())).to.deep.equal(new Set(['0.1.0']));
    expect(cluster.node.hookRuns).to.have.length(1);
    expect(lastHook(), lastHook().output).to.have.property('exitCode', 0);
    expect(await cluster.get(coreResources.serviceAccounts, 'mooring-install', RELEASE)).to.equal(undefined);
    expect(await cluster.get(coreResources.namespaces, OBJECTS)).to.not.equal(undefined);
  });

  it('upgrades an older CRD, and leaves a newer one as it is, at an upgrade and at a rollback', async () => {
    await rewrite('backups.longhorn.io', '0.0.9');
    await rewrite('volumes.longhorn.io', '9.0.0');
    const before = await crd('volumes.longhorn.io');
    await cluster.upgrade();
    expect(lastHook().output).to.contain('kept     volumes.longhorn.io: a newer version wrote it');
    expect(await columns('backups.longhorn.io')).to.not.include('0.0.9');
    await cluster.helm('rollback', 'mooring', '1');
    expect(lastHook().output).to.contain('kept     volumes.longhorn.io');
    expect((await crd('volumes.longhorn.io'))?.spec).to.deep.equal(before?.spec);
    expect((await crd('backups.longhorn.io'))?.metadata.annotations).to.have.property(VERSION, '0.1.0');
    await rewrite('volumes.longhorn.io', '0.0.9');
    await cluster.upgrade();
    expect(await columns('volumes.longhorn.io')).to.not.include.members(['9.0.0', '0.0.9']);
  });

  it('keeps CRDs and object namespace at an uninstall, and installs again under the same and under another name', async () => {
    const uids = async (): Promise<(string | undefined)[]> =>
      await Promise.all([
        ...CRDS.map(async (name) => (await crd(name))?.metadata.uid),
        cluster
          .get<{ metadata: { uid: string } }>(coreResources.namespaces, OBJECTS)
          .then((found) => found?.metadata.uid),
      ]);
    const before = await uids();
    await cluster.helm('uninstall', 'mooring');
    expect(lastHook(), lastHook().output).to.have.property('exitCode', 0);
    expect(await cluster.get(coreResources.serviceAccounts, 'mooring-target-controller', RELEASE)).to.equal(undefined);
    await cluster.install('other');
    await remove('other');
    await cluster.install('mooring');
    expect(await cluster.get(coreResources.serviceAccounts, 'mooring-target-controller', RELEASE)).to.be.an('object');
    expect(await uids()).to.deep.equal(before);
    await remove();
  });

  it('takes over CRDs that an earlier chart had in its templates', async () => {
    const manifests = (await readCrds()).map(({ metadata, ...rest }): KubeManifest => {
      const annotations = { 'meta.helm.sh/release-name': 'old', 'meta.helm.sh/release-namespace': 'elsewhere' };
      return {
        ...rest,
        metadata: { name: metadata.name, labels: { 'longhorn-manager': '' }, annotations },
      };
    });
    await Promise.all(CRDS.map(removeCrd));
    await applyObjects(cluster.plane.api, manifests, { fieldManager: 'helm' });
    await cluster.install();
    expect(new Set(await versions())).to.deep.equal(new Set(['0.1.0']));
    await remove();
  });

  it('is refused where Longhorn is because of its manager, in one run of the hook, with what to do', async () => {
    await applyObjects(cluster.plane.api, [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'storage' } },
      daemonSet('storage'),
    ]);
    await helmError(cluster.install());
    await Promise.all([removeManager('storage'), remove()]);
    expect(cluster.node.hookRuns.map(({ exitCode }) => exitCode)).to.deep.equal([2]);
    expect(lastHook().output).to.contain('DaemonSet storage/longhorn-manager').and.contain('coexistence.allow=true');
  });

  it('is refused where Longhorn is because of its CRDs, by helm at once and by the hook', async () => {
    await labelAsLonghorns(true);
    expect(await helmError(cluster.install())).to.contain('backuptargets.longhorn.io belongs to a Longhorn');
    expect(cluster.node.hookRuns).to.deep.equal([]);
    const run = await cluster.cli('install', 'apply-crds');
    expect(run.exitCode).to.equal(2);
    expect(run.output)
      .to.contain('CustomResourceDefinitions backuptargets.longhorn.io')
      .and.contain('kubectl annotate crd');
    expect(new Set(await versions())).to.deep.equal(new Set([undefined]));
  });

  it('installs beside Longhorn on request, and touches no CRD', async () => {
    const before = await Promise.all(CRDS.map(crd));
    await cluster.install('mooring', '--set', 'coexistence.allow=true');
    expect(lastHook().exitCode, lastHook().output).to.equal(0);
    expect(await Promise.all(CRDS.map(crd))).to.deep.equal(before);
    await remove();
  });

  it('installs once Longhorn’s CRDs are handed over', async () => {
    await labelAsLonghorns(false);
    await cluster.install();
    expect(new Set(await versions())).to.deep.equal(new Set(['0.1.0']));
    await remove();
  });

  it('wants the CRDs to be there when it is told to bring none', async () => {
    const name = 'snapshots.longhorn.io';
    await removeCrd(name);
    await helmError(cluster.install('mooring', '--set', 'crds.install=false'));
    expect(lastHook()).to.have.property('exitCode', 2);
    expect(lastHook().output).to.contain(`'${name}'`).and.contain('crds.install=true');
    const { exitCode } = await cluster.cli('install', 'apply-crds');
    expect(exitCode).to.equal(0);
    await cluster.upgrade('mooring', '--set', 'crds.install=false');
  });
});
