import type { ControlPlane } from '../control-plane/control-plane.ts';
import type { KubeManifest } from '../kube/resources.ts';
import { installChart } from './install.ts';

/** What is watched over. */
export interface KeepInstalledInput {
  controlPlane: ControlPlane;
  /** Namespace of the objects. */
  namespace: string;
  /** The chart's objects. */
  manifests: readonly KubeManifest[];
  say: (line: string) => void;
}

/**
 * Installs the chart again when the objects' namespace was deleted and made again: its Roles went with it, and without them
 * no service may read a Secret there. On a cluster that is the administrator's `helm upgrade`. Returns what ends it.
 */
export async function keepInstalled(input: KeepInstalledInput): Promise<() => Promise<void>> {
  const { controlPlane, namespace, manifests, say } = input;
  // Imported late: @mooring/runtime's own tests import this package.
  const { coreResources, createInformer, KubeClient } = await import('@mooring/runtime');
  const client = await KubeClient.fromKubeconfig(controlPlane.kubeconfig);
  let installedFor: string | undefined;
  const reinstall = async (): Promise<void> => {
    say(`namespace '${namespace}' was made again: installing the chart's objects in it`);
    try {
      await installChart(controlPlane.api, manifests);
    } catch (error) {
      say(`failed to install the chart again: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const informer = createInformer({
    client,
    type: coreResources.namespaces,
    fieldSelector: `metadata.name=${namespace}`,
    metadataOnly: true,
    onChange: (change) => {
      const uid = change.new?.metadata.uid;
      if (uid === undefined || uid === installedFor) return;
      const isFirst = installedFor === undefined;
      installedFor = uid;
      if (!isFirst) void reinstall();
    },
  });
  informer.start();
  return async () => {
    await informer.stop();
    client.close();
  };
}
