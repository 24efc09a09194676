import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureBinaries } from '../binaries/ensure-binaries.ts';
import { parseManifests } from './apply.ts';
import type { KubeManifest } from './resources.ts';

/** The repository's folder. */
export const repositoryFolder = fileURLToPath(new URL('../../../../', import.meta.url));

/** The chart's folder. */
const chartFolder = join(repositoryFolder, 'charts', 'mooring');

/** What the chart is rendered with. */
export interface ChartOptions {
  /** The release namespace; default: `mooring-system`. */
  namespace?: string;
  /** Values as in the chart's values.yaml, nested. */
  values?: Record<string, unknown>;
  /** Whether the objects of helm's hooks are among them; default false. */
  hooks?: boolean;
  log?: (line: string) => void;
}

const run = promisify(execFile);

/** Chart output is well below this; execFile's own limit of 1 MiB is not. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * What an installation of the chart makes: the CRDs, which a hook of it applies, and the objects that the real helm renders; not the hooks
 * themselves unless they are asked for. Throws with helm's words when the values do not fit.
 */
export async function renderChart(options: ChartOptions = {}): Promise<KubeManifest[]> {
  const { helm } = await ensureBinaries(['helm'], options.log === undefined ? {} : { log: options.log });
  const values = Object.entries(options.values ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const namespace = options.namespace ?? 'mooring-system';
  const { stdout } = await run(
    helm,
    [
      ...['template', 'mooring', chartFolder, '--namespace', namespace, '--kube-version', '1.36.3'],
      ...(options.hooks === true ? [] : ['--no-hooks']),
      ...values.flatMap((value) => ['--set-json', value]),
    ],
    { maxBuffer: MAX_OUTPUT_BYTES },
  );
  return [...(await readCrds()), ...parseManifests(stdout)];
}

/** The CRDs as they are in the chart (`files/crds/*.yaml`), without helm; an empty list while none are generated. */
export async function readCrds(): Promise<KubeManifest[]> {
  const folder = join(chartFolder, 'files', 'crds');
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.yaml')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap(parseManifests);
}
