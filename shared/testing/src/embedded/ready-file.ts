import { writeFileAtomic } from '../files.ts';
import type { Embedded } from './embedded.ts';

/**
 * Writes `{kubeconfig, namespace, services: {<name>: {pid, healthUrl, metricsUrl}}}` in one step, so that whoever waits
 * for the file reads all of it.
 */
export async function writeReadyFile(
  path: string,
  embedded: Pick<Embedded, 'kubeconfig' | 'namespace' | 'services'>,
): Promise<void> {
  const { kubeconfig, namespace } = embedded;
  await writeFileAtomic(path, `${JSON.stringify({ kubeconfig, namespace, services: embedded.services() }, null, 2)}\n`);
}
