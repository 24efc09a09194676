/** Writes the tables of docs/operations.md; `npm run generate` calls it, test/integration/rights.test.ts proves that they are right. */
import { writeFile } from 'node:fs/promises';
import { operationsFile, operationsPage } from './operations-page.ts';

await writeFile(operationsFile, await operationsPage());
