import { mkdir } from 'node:fs/promises';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { startGuarded } from '../processes/guarded.ts';
import { freePort } from '../processes/ports.ts';

/** How Azurite is started. */
export interface AzuriteOptions {
  /** Folder for logs and pid files; its data stay in memory. */
  root: string;
  /** Default: a free one. */
  port?: number;
}

/** A running Azure Blob server (Azurite). */
export interface AzuriteServer {
  /** `http://127.0.0.1:<port>/devstoreaccount1`. */
  endpoint: string;
  accountName: string;
  accountKey: string;
  stop(): Promise<void>;
}

/** Azurite's documented development account; public, opens nothing else. */
const ACCOUNT_NAME = 'devstoreaccount1';
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

function answers(port: number): Promise<boolean> {
  return new Promise((resolve_, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path: '/', agent: false }, (response) => {
      response.resume();
      resolve_(true);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/**
 * Starts Azurite's blob service in memory (about 1 s). It needs the Node that the project pins: under Node 20 npm takes
 * an older Azurite that ignores `startFrom`. Ends with this process, however that ends.
 */
export async function startAzurite(options: AzuriteOptions): Promise<AzuriteServer> {
  const root = resolve(options.root);
  await mkdir(root, { recursive: true });
  const port = options.port ?? (await freePort());
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  const server = await startGuarded(root, {
    name: 'azurite',
    command: process.execPath,
    args: [
      ...[main, '--blobHost', '127.0.0.1', '--blobPort', String(port)],
      // --skipApiVersionCheck: @azure/storage-blob speaks a version newer than Azurite knows.
      ...['--inMemoryPersistence', '--silent', '--disableTelemetry', '--skipApiVersionCheck'],
    ],
    isReady: () => answers(port),
    readyTimeoutMs: 30_000,
    graceMs: 3_000,
  });
  return {
    endpoint: `http://127.0.0.1:${String(port)}/${ACCOUNT_NAME}`,
    accountName: ACCOUNT_NAME,
    accountKey: ACCOUNT_KEY,
    stop: () => server.stop(),
  };
}
