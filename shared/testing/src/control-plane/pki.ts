import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../files.ts';
import { createAuthority, createTokenKeys, type KeyPair } from './certificates.ts';

/** The files of one control plane's keys; paths are absolute when the folder is. */
export interface Pki {
  /** The API server's authority, PEM text and file. */
  caCertificate: string;
  caFile: string;
  caKeyFile: string;
  serverCertFile: string;
  serverKeyFile: string;
  /** etcd has an authority of its own, so that no Kubernetes certificate opens it. */
  etcdCaFile: string;
  etcdCertFile: string;
  etcdKeyFile: string;
  tokenPublicKeyFile: string;
  tokenPrivateKeyFile: string;
  admin: KeyPair;
  controllerManager: KeyPair;
}

/** Names that the API server's certificate is valid for. */
const SERVER_NAMES = [
  '127.0.0.1',
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** Written last: its presence says that all the others are there. */
const COMPLETE = 'complete';

async function createFiles(folder: string, serverNames: readonly string[]): Promise<void> {
  const authority = await createAuthority('mooring-kubernetes');
  const etcdAuthority = await createAuthority('mooring-etcd');
  const [server, etcd, admin, controllerManager] = await Promise.all([
    authority.signServer('kube-apiserver', [...SERVER_NAMES, ...serverNames]),
    etcdAuthority.signServer('etcd', ['127.0.0.1', 'localhost']),
    authority.signClient('mooring-admin', ['system:masters']),
    authority.signClient('system:kube-controller-manager'),
  ]);
  const tokens = createTokenKeys();
  const files: Record<string, string> = {
    'ca.crt': authority.certificate,
    'ca.key': authority.key,
    'server.crt': server.certificate,
    'server.key': server.key,
    'etcd-ca.crt': etcdAuthority.certificate,
    'etcd.crt': etcd.certificate,
    'etcd.key': etcd.key,
    'admin.crt': admin.certificate,
    'admin.key': admin.key,
    'controller-manager.crt': controllerManager.certificate,
    'controller-manager.key': controllerManager.key,
    'token.pub': tokens.publicKey,
    'token.key': tokens.privateKey,
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFileAtomic(join(folder, name), text)));
  await writeFileAtomic(join(folder, COMPLETE), '');
}

/**
 * The keys in `folder`, made at the first call. They are kept, so that kubeconfig files and ServiceAccount tokens stay
 * valid over restarts; a folder left half-made by a crash is made anew.
 * `serverNames`: more names and addresses that a new server certificate is valid for.
 */
export async function loadOrCreatePki(folder: string, serverNames: readonly string[] = []): Promise<Pki> {
  const text = (name: string) => readFile(join(folder, name), 'utf8');
  const isComplete = await text(COMPLETE).then(
    () => true,
    () => false,
  );
  if (!isComplete) await createFiles(folder, serverNames);
  const pair = async (name: string) => ({ certificate: await text(`${name}.crt`), key: await text(`${name}.key`) });
  return {
    caCertificate: await text('ca.crt'),
    caFile: join(folder, 'ca.crt'),
    caKeyFile: join(folder, 'ca.key'),
    serverCertFile: join(folder, 'server.crt'),
    serverKeyFile: join(folder, 'server.key'),
    etcdCaFile: join(folder, 'etcd-ca.crt'),
    etcdCertFile: join(folder, 'etcd.crt'),
    etcdKeyFile: join(folder, 'etcd.key'),
    tokenPublicKeyFile: join(folder, 'token.pub'),
    tokenPrivateKeyFile: join(folder, 'token.key'),
    admin: await pair('admin'),
    controllerManager: await pair('controller-manager'),
  };
}
