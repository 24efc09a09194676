import { mkdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join, resolve } from 'node:path';
import { ensureBinaries } from '../binaries/ensure-binaries.ts';
import { startGuarded } from '../processes/guarded.ts';
import { freePort } from '../processes/ports.ts';

/** How the S3 server is started. */
export interface S3Options {
  /** Folder for its data (`data/<bucket>/<key>`), accounts, logs; created when absent. */
  root: string;
  /** Default: a free one. */
  port?: number;
  /** PEM files: serves HTTPS. */
  tls?: { certFile: string; keyFile: string };
  log?: (line: string) => void;
}

/** A running S3 server (versitygw over a folder). */
export interface S3Server {
  /** `http://127.0.0.1:<port>`; buckets are path-style. */
  endpoint: string;
  accessKey: string;
  secretKey: string;
  region: string;
  /** The folder whose sub-folders are the buckets. Files copied into it have no ETag: upload where ETags matter. */
  dataFolder: string;
  /** Makes an empty bucket; harmless when it is there. */
  createBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

const ACCESS_KEY = 'mooring-test';
const SECRET_KEY = 'mooring-test-secret';

/** versitygw's own health path; answered without a signature. */
const HEALTH_PATH = '/mooring-health';

function isHealthy(port: number, isTls: boolean): Promise<boolean> {
  const send = isTls ? httpsRequest : httpRequest;
  // Whether it answers is all that is asked here; clients check the certificate.
  const options = { host: '127.0.0.1', port, path: HEALTH_PATH, agent: false, rejectUnauthorized: false };
  return new Promise((resolve_, reject) => {
    const outgoing = send(options, (response) => {
      response.resume();
      resolve_((response.statusCode ?? 0) > 0);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/**
 * Starts an S3 server over `root` (about 0.1 s, 55 MiB). The best S3 conformance of the kept servers: start-after, byte
 * order, conditional PUT. A key cannot be an object and a prefix at once. Ends with this process, however that ends.
 */
export async function startS3(options: S3Options): Promise<S3Server> {
  const root = resolve(options.root);
  const dataFolder = join(root, 'data');
  const iamFolder = join(root, 'iam');
  await Promise.all([dataFolder, iamFolder].map((folder) => mkdir(folder, { recursive: true })));
  const { versitygw } = await ensureBinaries(['versitygw'], options.log === undefined ? {} : { log: options.log });
  const port = options.port ?? (await freePort());
  const tls = options.tls === undefined ? [] : ['--cert', options.tls.certFile, '--key', options.tls.keyFile];
  const server = await startGuarded(root, {
    name: 'versitygw',
    command: versitygw,
    // --iam-dir: else an unknown key is a 404. --keep-alive: else a connection per request.
    args: [
      ...['--port', `127.0.0.1:${String(port)}`, '--keep-alive', '--iam-dir', iamFolder, '--quiet'],
      ...['--health', HEALTH_PATH, ...tls, 'posix', dataFolder],
    ],
    env: { ...process.env, ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY },
    isReady: () => isHealthy(port, options.tls !== undefined),
    readyTimeoutMs: 15_000,
    graceMs: 2_000,
  });
  return {
    endpoint: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(port)}`,
    accessKey: ACCESS_KEY,
    secretKey: SECRET_KEY,
    region: 'us-east-1',
    dataFolder,
    // A bucket is a folder for this server.
    createBucket: async (name) => {
      await mkdir(join(dataFolder, name), { recursive: true });
    },
    stop: () => server.stop(),
  };
}
