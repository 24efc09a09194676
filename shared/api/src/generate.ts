/**
 * Writes every generated file: the CRDs of the chart, docs/objects.md, docs/errors.md. `npm run generate` calls it; the
 * tests prove that the files equal what it would write. With `--check` it writes nothing and fails when a file differs.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generated-files.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

async function main(check: boolean): Promise<void> {
  const stale: string[] = [];
  for (const [path, text] of await generatedFiles(root)) {
    const file = join(root, path);
    const old = await readFile(file, 'utf8').catch(() => undefined);
    if (old === text) continue;
    stale.push(path);
    if (check) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const verb = check ? 'out of date: ' : 'wrote ';
  process.stdout.write(stale.length === 0 ? 'generated files are up to date\n' : `${verb}${stale.join(', ')}\n`);
  if (check && stale.length > 0) process.exitCode = 1;
}

await main(process.argv.includes('--check'));
