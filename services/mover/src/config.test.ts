import { moverJob, moverVariables, type MoverJob } from '@mooring/api';
import { ConfigError, loadServiceConfig, moverConfigSchema, moverSettings } from '@mooring/config';
import { expect } from 'chai';
import { loadRunConfig } from './config.ts';

const ORDERED = {
  [moverVariables.task]: 'backup',
  [moverVariables.object]: 'b1',
  [moverVariables.uid]: '0b9d7c5e-0000-4000-8000-000000000000',
};

describe("A run's configuration", () => {
  it('needs no more than its orders', () => {
    expect(loadRunConfig(ORDERED)).to.deep.include({ task: 'backup', object: 'b1', workers: 2, base: '' });
  });

  it('is what a controller wrote into the Job', () => {
    const env = { MOORING_MOVER_IMAGE: 'i', MOORING_OBJECT_NAMESPACE: 'objects', MOORING_ALLOWED_SCHEMES: 's3,vfs' };
    const settings = moverSettings(loadServiceConfig({ env }, moverConfigSchema));
    const object = { metadata: { name: 'v', uid: 'u' } };
    const orders = { workers: '7', target: 't', volume: 'v', backup: 'b2', base: 'b1' };
    const job = moverJob({ settings, task: 'restore', object, orders });
    expect(loadRunConfig(environmentOf(job))).to.deep.include({
      ...{ task: 'restore', object: 'v', uid: 'u', workers: 7, target: 't', volume: 'v', backup: 'b2', base: 'b1' },
      ...{ objectNamespace: 'objects', allowedSchemes: ['s3', 'vfs'] },
    });
  });

  for (const [what, env, expected] of [
    ['no orders', {}, /MOORING_MOVER_TASK is not set/],
    ['an unknown task', { ...ORDERED, [moverVariables.task]: 'shred' }, /MOORING_MOVER_TASK .*one of take-snapshot/],
    ['no UID', { ...ORDERED, [moverVariables.uid]: '' }, /MOORING_MOVER_UID is not set/],
    ['no workers', { ...ORDERED, [moverVariables.workers]: '0' }, /MOORING_MOVER_WORKERS .*from 1 to 256/],
  ] as const) {
    it(`says which variable is wrong: ${what}`, () => {
      expect(() => loadRunConfig(env)).to.throw(ConfigError, expected);
    });
  }
});

function environmentOf(job: MoverJob): Record<string, string> {
  const { spec } = job.spec['template'] as {
    spec: { containers: { env: { name: string; value: string }[] }[] };
  };
  return Object.fromEntries((spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
}
