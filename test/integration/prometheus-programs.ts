import { programFromPackage } from '../e2e/cluster/packages.ts';

/** Prometheus and its tool. */
export interface PrometheusPrograms {
  prometheus: string;
  promtool: string;
}

/**
 * Both programs, taken out of Debian's package the first time. Undefined, and said on stderr, where there is no apt-get:
 * what needs them is then not tested.
 */
export async function findPrometheus(): Promise<PrometheusPrograms | undefined> {
  try {
    return {
      prometheus: await programFromPackage('prometheus', 'usr/bin/prometheus'),
      promtool: await programFromPackage('prometheus', 'usr/bin/promtool'),
    };
  } catch (error) {
    process.stderr.write(
      `\n!!! Prometheus could not be had (${String(error)}): the alerts and the dashboard are NOT tested. ` +
        `On Debian: apt-get update.\n\n`,
    );
    return undefined;
  }
}
