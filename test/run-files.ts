/** Child of run.ts: runs the test files that it is sent, one after the other, and sends a `FileResult` for each; an empty name is the end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import Mocha from 'mocha';
import { endRun } from '@mooring/testing/run-end';

/** How many tests of a file passed, failed (hooks, and a file that cannot be loaded, count as one) and are pending. */
export interface FileResult {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly pending: number;
}

const { ui, timeout } = JSON.parse(readFileSync(join(import.meta.dirname, '../.mocharc.json'), 'utf8')) as {
  ui: 'bdd';
  timeout: number;
};

async function run(file: string): Promise<FileResult> {
  const mocha = new Mocha({ ui, timeout }).addFile(file);
  try {
    await mocha.loadFilesAsync();
  } catch (error) {
    process.stderr.write(`failed to load '${file}': ${inspect(error)}\n`);
    return { file, passed: 0, failed: 1, pending: 0 };
  }
  return await new Promise((resolve) => {
    const runner = mocha.run((failed) => {
      resolve({ file, passed: runner.stats?.passes ?? 0, failed, pending: runner.stats?.pending ?? 0 });
    });
  });
}

process.on('message', (file: string) => {
  if (file !== '') void run(file).then((result) => process.send?.(result));
  else void endRun().finally(() => process.disconnect());
});
