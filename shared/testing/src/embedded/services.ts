import { request } from 'node:http';
import { join } from 'node:path';
import type { ImageProgram } from '../node/pod-program.ts';
import type { ProcessSpec } from '../processes/process-spec.ts';

/** The services that `npm start` runs, each with the ServiceAccount `mooring-<name>`. */
export const SERVICES = [
  'mutating-webhook',
  'validating-webhook',
  'target-controller',
  'volume-controller',
  'backup-controller',
] as const;

/** One of them. */
export type ServiceName = (typeof SERVICES)[number];

/** The program of the Jobs that move data; the node runs it, with the ServiceAccount `mooring-mover`. */
export const MOVER = 'mover';

/** What it is called as an image. */
const MOVER_IMAGE = 'mooring/mover:embedded';

/** Where the services' workloads, accounts and leases are. */
export const RELEASE_NAMESPACE = 'mooring-system';

/** URL schemes that targets may have here; the chart leaves out vfs, the directories of the machine. */
export const ALLOWED_SCHEMES = ['s3', 'azblob', 'nfs', 'cifs', 'vfs'] as const;

/** What one service is started with. */
export interface ServiceInput {
  service: ServiceName;
  /** Its bundle or its source. */
  entry: string;
  kubeconfig: string;
  /** Namespace of the objects. */
  namespace: string;
  healthPort: number;
  /** Only for webhooks. */
  webhookPort?: number;
  /** Absolute. */
  dataDir: string;
}

/** Base URL of a service's health endpoint. */
export function healthBase(port: number): string {
  return `http://127.0.0.1:${String(port)}`;
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${healthBase(port)}/readyz`, { agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    outgoing.on('error', reject);
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.end();
  });
}

/** The user's environment (proxies, cloud credentials, OTEL_*), without what belongs to npm or another cluster. */
function inherited(): NodeJS.ProcessEnv {
  const foreign = /^(npm_|KUBERNETES_|MOORING_(?!LOG_LEVEL$))/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** What every process of ours is started with. */
function nodeEnvironment(dataDir: string): NodeJS.ProcessEnv {
  return {
    ...inherited(),
    NODE_ENV: 'production',
    // glibc gives every thread heaps of its own: 5 to 10 MiB a service for nothing.
    MALLOC_ARENA_MAX: '2',
    // Compiled code of the bundles: a later start does not compile again.
    NODE_COMPILE_CACHE: join(dataDir, 'compile-cache'),
  };
}

function environment(input: ServiceInput): NodeJS.ProcessEnv {
  return {
    ...nodeEnvironment(input.dataDir),
    KUBECONFIG: input.kubeconfig,
    MOORING_OBJECT_NAMESPACE: input.namespace,
    MOORING_NAMESPACE: RELEASE_NAMESPACE,
    MOORING_HEALTH_ADDRESS: '127.0.0.1',
    MOORING_HEALTH_PORT: String(input.healthPort),
    // One process a service: after a crash the next one takes its own Lease up again without waiting for its end.
    MOORING_INSTANCE_ID: `embedded-${input.service}`,
    MOORING_ALLOWED_SCHEMES: ALLOWED_SCHEMES.join(','),
    MOORING_MOVER_IMAGE: MOVER_IMAGE,
    MOORING_WEBHOOK_ADDRESS: '127.0.0.1',
    MOORING_WEBHOOK_HOSTS: '127.0.0.1,localhost',
    ...(input.webhookPort === undefined ? {} : { MOORING_WEBHOOK_PORT: String(input.webhookPort) }),
  };
}

/**
 * V8's memory, MiB; the images start Node the same way (Dockerfile). The young generation is fixed: at V8's first 1 MiB (what `limitMemory` of
 * runService keeps it at) a sync of 1,000 volumes spent a fifth of the controllers' CPU on collecting it, at 4 half of that (2026-11-21).
 */
const NODE_FLAGS = ['--min-semi-space-size=4', '--max-semi-space-size=4', '--max-old-space-size=512'];

/** How one service is run as a child process. */
export function serviceSpec(input: ServiceInput): ProcessSpec {
  return {
    name: input.service,
    command: process.execPath,
    args: [...NODE_FLAGS, input.entry],
    env: environment(input),
    isReady: () => isReady(input.healthPort),
    readyTimeoutMs: 60_000,
    graceMs: 8_000,
  };
}

/** What the node runs for the Pods of movers; each brings its orders itself. */
export function moverImages(entry: string, dataDir: string): Record<string, ImageProgram> {
  // A Pod that gets no account's token reaches no cluster: the user's own is never meant.
  const env = { ...nodeEnvironment(dataDir), KUBECONFIG: '/dev/null' };
  return { [MOVER_IMAGE]: { command: process.execPath, args: [...NODE_FLAGS, entry], env } };
}
