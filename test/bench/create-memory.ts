/** Backs up one sparse file with 16 workers and says what memory it took at most: `create-memory.ts URL FILE`. */
import { createBackup, openStore } from '@mooring/backupstore';
import { openFileReader } from '@mooring/datapath';

const [url = '', file = ''] = process.argv.slice(2);
const { AWS_ENDPOINTS = '', AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = process.env;
const store = await openStore({ url, credentials: { AWS_ENDPOINTS, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } });
const source = await openFileReader(file);
const startedMs = performance.now();
const { config } = await createBackup({
  ...{ store, source, backup: 'backup-1', concurrency: 16 },
  volume: { name: 'pvc-sparse' },
  snapshot: { name: 'snap-1', createdAt: '2026-01-01T00:00:00Z' },
});
store.close();
await source.close();
const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(0);
console.log(
  `${mib(source.sizeBytes / 1024)} GiB sparse, ${mib(Number(config.size))} MiB in blocks, 16 workers: ` +
    `peak ${mib(process.resourceUsage().maxRSS * 1024)} MiB, ${((performance.now() - startedMs) / 1000).toFixed(1)} s`,
);
