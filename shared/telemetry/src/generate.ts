/** Writes docs/metrics.md; `npm run generate` calls it, metrics-page.test.ts proves that the file is what it would write. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { metricsPage } from './metrics-page.ts';

await writeFile(fileURLToPath(new URL('../../../docs/metrics.md', import.meta.url)), metricsPage());
