/** Restores one sparse volume with 16 workers and says what memory it took at most: `restore-memory.ts URL FILE BYTES`. */
import { openStore, restoreBackup } from '@mooring/backupstore';
import { openFileDestination } from '@mooring/datapath';

const [url = '', file = '', size = ''] = process.argv.slice(2);
const { AWS_ENDPOINTS = '', AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = process.env;
const store = await openStore({ url, credentials: { AWS_ENDPOINTS, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } });
const destination = await openFileDestination(file, { sizeBytes: Number(size) });
const result = await restoreBackup({ store, volume: 'pvc-sparse', backup: 'backup-1', destination, concurrency: 16 });
store.close();
const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(0);
console.log(
  `${mib(Number(size) / 1024)} GiB sparse, ${mib(result.bytesWritten)} MiB written, 16 workers: peak ${mib(process.resourceUsage().maxRSS * 1024)} MiB`,
);
