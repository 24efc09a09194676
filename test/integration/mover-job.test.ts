import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jobResource, type MoverJob, moverJob, type MoverSettings } from '@mooring/api';
import { loadServiceConfig, moverConfigSchema, moverSettings } from '@mooring/config';
import { parseManifests, renderChart, sharedControlPlane, testNamespace } from '@mooring/testing';
import { expect } from 'chai';
import { repositoryFolder } from './admission-cluster.ts';

interface Template {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations: Record<string, string> };
  readonly spec: {
    readonly nodeSelector: Record<string, string>;
    readonly containers: readonly { readonly env: readonly { readonly name: string }[] }[];
  };
}

const EVERYTHING = join(repositoryFolder, 'charts/mooring/ci/everything-values.yaml');

/** What the chart's values make of the Jobs of movers, as the controllers read it. */
async function settingsOf(values: Record<string, unknown>): Promise<MoverSettings> {
  const objects = await renderChart({ values });
  const found = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'mooring-environment');
  const env = found?.['data'] as Record<string, string>;
  return moverSettings(loadServiceConfig({ env, defaults: { instanceId: 'any' } }, moverConfigSchema));
}

function jobOf(settings: MoverSettings): MoverJob {
  const object = { metadata: { name: 'Daily.1', uid: '0b9d7c5e-0000-4000-8000-000000000000' } };
  return moverJob({
    settings,
    task: 'backup',
    object,
    hostFolder: '/data/volumes',
    node: 'n1',
    orders: { workers: '4' },
  });
}

describe('the Job of a mover', function () {
  this.timeout(60_000);

  for (const [title, read] of [
    ['the default values', () => Promise.resolve({})],
    ['every value', async () => ({ ...parseManifests(await readFile(EVERYTHING, 'utf8'))[0] })],
  ] as const) {
    it(`made with ${title} is accepted by the API server, field by field`, async () => {
      const { api } = await sharedControlPlane();
      const { name: namespace } = await testNamespace('jobs');
      const job = jobOf(await settingsOf(await read()));
      const accepted = await api.request<MoverJob>({
        method: 'POST',
        path: `/apis/batch/v1/namespaces/${namespace}/${jobResource.plural}?dryRun=All&fieldValidation=Strict`,
        body: { ...job, metadata: { ...job.metadata, namespace } },
      });
      expect(accepted.metadata.name).to.equal(job.metadata.name);
    });
  }

  it("runs on the data's node, whatever else nodes are selected by", async () => {
    const settings = await settingsOf({ 'mover.nodeSelector.pool': 'storage' });
    const { spec } = jobOf(settings).spec['template'] as Template;
    expect(spec.nodeSelector).to.deep.equal({ pool: 'storage', 'kubernetes.io/hostname': 'n1' });
  });

  it('keeps its orders beside what the values add', async () => {
    const settings = await settingsOf({
      'mover.podLabels.team': 'storage',
      'mover.podAnnotations.note': 'ours',
      'mover.extraEnv[0].name': 'HTTPS_PROXY',
      'mover.extraEnv[0].value': 'http://proxy:3128',
    });
    const { metadata, spec } = jobOf(settings).spec['template'] as Template;
    expect(metadata.labels).to.include({
      team: 'storage',
      'app.kubernetes.io/component': 'mover',
      'app.kubernetes.io/instance': 'mooring',
    });
    expect(metadata.annotations).to.include({ note: 'ours', 'mooring.io/mover-object-name': 'Daily.1' });
    const names = spec.containers[0]?.env.map(({ name }) => name);
    expect(names).to.include.members(['MOORING_MOVER_TASK', 'MOORING_MOVER_WORKERS']);
    expect(names?.at(-1)).to.equal('HTTPS_PROXY');
  });
});
