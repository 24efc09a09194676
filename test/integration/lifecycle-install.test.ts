import { expect } from 'chai';
import { kinds } from '@mooring/api';
import { coreResources } from '@mooring/runtime';
import { type LifecycleCluster, OBJECTS, RELEASE, startLifecycleCluster } from './lifecycle-cluster.ts';

const CRDS = kinds.map(({ resource }) => `${resource.plural}.${resource.group}`);
const VERSION = 'mooring.io/crd-version';

interface Crd {
  readonly metadata: {
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

describe('installing with helm', function () {
  this.timeout(120_000);
  let cluster: LifecycleCluster;

  beforeEach(async () => {
    cluster = await startLifecycleCluster({ runsServices: false });
  });

  afterEach(() => cluster.stop());

  const crd = async (name: string): Promise<Crd | undefined> =>
    await cluster.get<Crd>(coreResources.customResourceDefinitions, name);

  it('brings the CRDs by its hook, with the rights of the hook alone, and leaves nothing of the hook behind', async () => {
    await cluster.install();
    for (const name of CRDS) expect((await crd(name))?.metadata.annotations, name).to.have.property(VERSION, '0.1.0');
    expect(cluster.node.hookRuns.map(({ exitCode, output }) => [exitCode, output])).to.have.length(1);
    expect(await cluster.get(coreResources.serviceAccounts, 'mooring-install', RELEASE)).to.equal(undefined);
    expect(await cluster.get(coreResources.namespaces, OBJECTS)).to.not.equal(undefined);
  });
});
