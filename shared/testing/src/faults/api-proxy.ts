import { join } from 'node:path';
import { createAuthority } from '../control-plane/certificates.ts';
import type { ControlPlane, ServiceAccountRef } from '../control-plane/control-plane.ts';
import { renderKubeconfig } from '../control-plane/kubeconfig.ts';
import { writeFileAtomic } from '../files.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { kubeOperation } from './operations.ts';

/** Whom the proxy's kubeconfig speaks for, and where its files go. */
export interface ApiProxyOptions {
  /** Folder for the kubeconfig and the token. */
  folder: string;
  /** Default: the admin. */
  as?: ServiceAccountRef;
  /** The kubeconfig's namespace; default: `default`. */
  namespace?: string;
  delayMs?: number;
}

/** A misbehaving proxy in front of kube-apiserver. Operations are `LIST`, `WATCH`, `PATCH`, …; see `kubeOperation`. */
export interface ApiProxy extends FaultProxy {
  /** A kubeconfig file that leads through the proxy. */
  kubeconfig: string;
  /** The next `times` (default 1) watches are told 410 Gone, in the stream as the API server does it. */
  expireWatches(times?: number): () => void;
}

const EXPIRED = {
  type: 'ERROR',
  object: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'too old resource version',
    reason: 'Expired',
    code: 410,
  },
};

/**
 * Starts an HTTPS proxy with a certificate of its own in front of a control plane's API server. Requests with a token
 * pass with it; requests without one are the admin's (a client certificate cannot pass through a proxy).
 */
export async function startApiProxy(controlPlane: ControlPlane, options: ApiProxyOptions): Promise<ApiProxy> {
  const authority = await createAuthority('mooring-api-proxy-authority');
  const proxy = await startFaultProxy({
    target: controlPlane.server,
    ca: controlPlane.caCertificate,
    ...controlPlane.admin,
    tls: await authority.signServer('mooring-api-proxy', ['127.0.0.1', 'localhost']),
    operationOf: kubeOperation,
    ...(options.delayMs === undefined ? {} : { delayMs: options.delayMs }),
  });
  const tokenFile = join(options.folder, 'token');
  const { token } = options.as === undefined ? { token: '' } : await controlPlane.tokenFor(options.as);
  if (options.as !== undefined) await writeFileAtomic(tokenFile, token);
  const kubeconfig = join(options.folder, 'kubeconfig');
  const text = renderKubeconfig({
    server: proxy.url,
    caCertificate: authority.certificate,
    user: options.as === undefined ? {} : { tokenFile },
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
  });
  await writeFileAtomic(kubeconfig, text);
  return {
    ...proxy,
    kubeconfig,
    expireWatches: (times = 1) =>
      proxy.add(
        {
          kind: 'answer',
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: `${JSON.stringify(EXPIRED)}\n`,
        },
        { when: ({ operation }) => operation === 'WATCH', times },
      ),
  };
}
