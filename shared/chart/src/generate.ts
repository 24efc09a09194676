/** Writes values.yaml, values.schema.json and the README's table of values. `npm run generate` calls it; a test proves them equal. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generated-files.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
for (const [path, text] of await generatedFiles(root)) await writeFile(join(root, path), text);
