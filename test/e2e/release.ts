import { join } from 'node:path';
import { bed, repositoryFolder } from './bed.ts';
import { network } from './cluster/layout.ts';
import { sourceTag } from './images.ts';

/** Release namespace. */
export const RELEASE_NAMESPACE = 'mooring-system';
/** Namespace of the objects. */
export const OBJECTS = 'longhorn-system';

/** Values of the chart, nested. */
export type Values = Record<string, unknown>;

/** The chart. */
const chart = join(repositoryFolder, 'charts', 'mooring');

async function valuesOf(values: Values): Promise<string> {
  const image = { registry: network.registry, tag: await sourceTag() };
  return JSON.stringify({ image, ...values });
}

async function helmWithValues(verb: string, values: Values, rest: readonly string[] = []): Promise<string> {
  const args = [
    verb,
    'mooring',
    chart,
    '--namespace',
    RELEASE_NAMESPACE,
    '--values',
    '-',
    '--wait',
    '--timeout',
    '180s',
  ];
  return bed().helm([...args, ...rest], { input: await valuesOf(values) });
}

/** `helm install --wait`; returns the seconds it took and what helm printed. */
export async function install(values: Values = {}): Promise<{ seconds: number; output: string }> {
  const startedAt = performance.now();
  const output = await helmWithValues('install', values, ['--create-namespace']);
  return { seconds: (performance.now() - startedAt) / 1000, output };
}

/** `helm upgrade --wait`. */
export function upgrade(values: Values = {}): Promise<string> {
  return helmWithValues('upgrade', values);
}

/** Whether the release is there. */
export async function isInstalled(): Promise<boolean> {
  const releases = JSON.parse(await bed().helm(['list', '--namespace', RELEASE_NAMESPACE, '-o', 'json'])) as unknown[];
  return releases.length > 0;
}

/** `helm uninstall --wait`, if it is there. */
export async function uninstall(): Promise<void> {
  if (!(await isInstalled())) return;
  await bed().helm(['uninstall', 'mooring', '--namespace', RELEASE_NAMESPACE, '--wait', '--timeout', '120s']);
}

/** Installs unless it is; for tests that need it running, whatever ran before. */
export async function ensureInstalled(): Promise<void> {
  if (!(await isInstalled())) await install();
}
