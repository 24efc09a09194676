import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAuthority, loadOrCreatePki, renderKubeconfig, writeFileAtomic } from '@mooring/testing/node-parts';
import type { KeyPair, Pki } from '@mooring/testing/node-parts';
import { network, type Layout } from './layout.ts';

/** The control plane's keys, and what a node adds. */
export interface ClusterKeys extends Pki {
  kubeletCertFile: string;
  kubeletKeyFile: string;
  /** As whom the API server asks the kubelet for logs. */
  kubeletClientCertFile: string;
  kubeletClientKeyFile: string;
  /** Absolute paths of kubeconfig files, by program. */
  kubeconfigs: Record<'kubelet' | 'scheduler' | 'controller-manager' | 'proxy', string>;
}

/** Makes all keys and kubeconfig files of a new cluster. */
export async function createKeys(layout: Layout): Promise<ClusterKeys> {
  const pki = await loadOrCreatePki(layout.pki, [network.nodeIp, network.apiServiceIp]);
  const authority = loadAuthority({ certificate: pki.caCertificate, key: await readFile(pki.caKeyFile, 'utf8') });
  const file = (name: string) => join(layout.pki, name);
  const save = async (name: string, pair: KeyPair) => {
    await writeFileAtomic(file(`${name}.crt`), pair.certificate);
    await writeFileAtomic(file(`${name}.key`), pair.key);
  };
  await save('kubelet', await authority.signServer('kubelet', [network.nodeIp, network.node]));
  await save('kubelet-client', await authority.signClient('kube-apiserver-kubelet-client', ['system:masters']));
  const users = {
    kubelet: await authority.signClient(`system:node:${network.node}`, ['system:nodes']),
    scheduler: await authority.signClient('system:kube-scheduler'),
    'controller-manager': pki.controllerManager,
    proxy: await authority.signClient('system:kube-proxy'),
  };
  const kubeconfig = async (path: string, user: KeyPair) => {
    await writeFileAtomic(
      path,
      renderKubeconfig({ server: network.apiServer, caCertificate: pki.caCertificate, user }),
    );
    return path;
  };
  const pathOf = (name: string) => join(layout.state, `${name}.kubeconfig`);
  await kubeconfig(layout.kubeconfig, pki.admin);
  return {
    ...pki,
    kubeletCertFile: file('kubelet.crt'),
    kubeletKeyFile: file('kubelet.key'),
    kubeletClientCertFile: file('kubelet-client.crt'),
    kubeletClientKeyFile: file('kubelet-client.key'),
    kubeconfigs: {
      kubelet: await kubeconfig(pathOf('kubelet'), users.kubelet),
      scheduler: await kubeconfig(pathOf('scheduler'), users.scheduler),
      'controller-manager': await kubeconfig(pathOf('controller-manager'), users['controller-manager']),
      proxy: await kubeconfig(pathOf('proxy'), users.proxy),
    },
  };
}
