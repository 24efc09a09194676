import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFolder } from '../kube/chart.ts';

/** The entry of one service's sources. */
export function serviceSource(service: string): string {
  return join(repositoryFolder, 'services', service, 'src', 'main.ts');
}

/** Whether the service's sources are there. */
export function hasServiceSource(service: string): boolean {
  return existsSync(serviceSource(service));
}

/** Bundles the services into `folder`, unless they are there and no source changed since; the entry file of each. */
export async function bundleServices(services: readonly string[], folder: string): Promise<Record<string, string>> {
  const { bundleCheckout } = await import('@mooring/images');
  return (await bundleCheckout(services, folder)).entries;
}
