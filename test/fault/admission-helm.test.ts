import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { applyObjects, ensureBinaries, eventually, readCrds, temporaryFolder } from '@mooring/testing';
import type { ControlPlane } from '@mooring/testing';
import { RELEASE, repositoryFolder, startWebhooks, untilUsed } from '../integration/admission-cluster.ts';
import type { RunningWebhooks } from '../integration/admission-cluster.ts';
import { WEBHOOKS, startLoad, trustedBy } from './certificates-setup.ts';

const run = promisify(execFile);

describe('the caBundle of webhooks that helm installed', function () {
  this.timeout(90_000);
  let webhooks: RunningWebhooks;
  let helm: (verb: string, values: object, ...flags: string[]) => Promise<void>;
  let installed: object;

  before(async () => {
    const { helm: program } = await ensureBinaries(['helm']);
    const home = await temporaryFolder('helm');
    const install = async (plane: ControlPlane, values: object): Promise<void> => {
      const env = { KUBECONFIG: plane.kubeconfig, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
      helm = async (verb, given, ...flags) => {
        const sets = Object.entries(given).flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]);
        await run(program, [verb, 'mooring', `${repositoryFolder}charts/mooring`, '-n', RELEASE, ...flags, ...sets], {
          env,
        });
      };
      installed = values;
      await applyObjects(plane.api, await readCrds());
      await helm('install', values, '--create-namespace');
    };
    webhooks = await startWebhooks({}, install);
  });
  after(() => webhooks.stop());

  const trust = (): Promise<string[][]> => Promise.all(WEBHOOKS.map((name) => trustedBy(webhooks.cluster.admin, name)));

  const upgrades: readonly [string, string[]][] = [
    ['by server-side apply', ['--server-side=true']],
    ['by a three-way merge', ['--server-side=false']],
  ];
  for (const [how, flags] of upgrades) {
    it(`stays, and no review is refused, when the configuration is upgraded ${how}`, async () => {
      const before = await trust();
      const load = startLoad(webhooks.cluster);
      try {
        for (const exemptDeleteUsers of [[`${how} one`], [`${how} two`]]) {
          await helm('upgrade', { ...installed, exemptDeleteUsers }, ...flags);
        }
        const reached = load.reviews();
        await eventually(() => load.reviews() > reached + 20);
      } finally {
        expect((await load.stop()).refusals).to.deep.equal([]);
      }
      expect(await trust()).to.deep.equal(before);
    });
  }

  it('is back within seconds when helm replaces the configuration', async () => {
    const before = await trust();
    await helm('upgrade', { ...installed, exemptDeleteUsers: ['three'] }, '--server-side=false', '--force-replace');
    await eventually(async () => expect(await trust()).to.deep.equal(before));
    await untilUsed(webhooks.cluster);
  });
});
