/** Child of run.ts: runs the test files that it is sent, one after the other, and sends a `FileResult` for each; an empty name is the end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import Mocha from 'mocha';
import { endRun } from '@mooring/testing/run-end';
import { describeFailure } from './failure.ts';

/** How many tests of a file passed, failed (hooks, and a file that cannot be loaded, count as one) and are pending. */
export interface FileResult {
  readonly passed: number;
  readonly failed: number;
  readonly pending: number;
  /** As `describeFailure` gives them. */
  readonly failures: readonly string[];
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
    return { passed: 0, failed: 1, pending: 0, failures: [describeFailure({ file, title: 'loading it' }, error)] };
  }
  const failures: string[] = [];
  return await new Promise((resolve) => {
    const runner = mocha.run((failed) => {
      resolve({ passed: runner.stats?.passes ?? 0, failed, pending: runner.stats?.pending ?? 0, failures });
    });
    runner.on('fail', (test, error) => failures.push(describeFailure({ file, title: test.fullTitle() }, error)));
  });
}

process.on('message', (file: string) => {
  if (file !== '') void run(file).then((result) => process.send?.(result));
  else void endRun().finally(() => process.disconnect());
});
