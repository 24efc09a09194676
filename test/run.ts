/**
 * Runs all tests, file by file, in three processes side by side, each with a control plane of its own, for most tests wait and do not compute. What
 * a file prints comes when it has ended. The last lines repeat the failures and count all tests, with those of the run before that wrote
 * `MOORING_TALLY`. Exit status 1 when a test failed, also there, or a process died.
 *
 *     npm test
 *     npx mocha test/integration/crds.test.ts     one file
 */
import { fork } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { binaryNames, ensureBinaries } from '@mooring/testing/binaries';
import type { FileResult } from './run-files.ts';

/** More than so many only wait for two cores. */
const PROCESSES = 3;
/** Those that last longest come first, so that all processes end at about the same time. */
const FILES = [
  'test/fault/**/*.test.ts',
  'test/integration/**/*.test.ts',
  'test/compat/**/*.test.ts',
  'services/*/src/**/*.test.ts',
  'shared/*/src/**/*.test.ts',
];

/** Runs files until none is left; resolves when its process has ended. */
async function runProcess(nextFile: () => string | undefined, onResult: (result: FileResult) => void): Promise<void> {
  const child = fork(join(import.meta.dirname, 'run-files.ts'), { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  let file: string | undefined;
  const give = (): void => {
    process.stdout.write(Buffer.concat(chunks.splice(0)));
    file = nextFile();
    child.send(file ?? '');
  };
  child.on('message', (result: FileResult) => {
    onResult(result);
    give();
  });
  give();
  const ended = Promise.withResolvers<number | null>();
  child.on('error', (error) => ended.reject(error));
  child.on('close', (code) => ended.resolve(code));
  const code = await ended.promise;
  process.stdout.write(Buffer.concat(chunks));
  if (code !== 0 || file !== undefined) onResult(deathOf(file ?? 'the end of a run', code));
}

/** What counts for a file whose process died. */
function deathOf(file: string, code: number | null): FileResult {
  const failures = [`${file}: its process died with ${code === null ? 'a signal' : `status ${String(code)}`}`];
  return { passed: 0, failed: 1, pending: 0, failures };
}

await ensureBinaries(binaryNames);
const files = FILES.flatMap((pattern) =>
  globSync(pattern, { exclude: (path) => path.includes('node_modules') }).sort(),
);
const results: FileResult[] = [];
await Promise.all(
  Array.from({ length: PROCESSES }, () =>
    runProcess(
      () => files.shift(),
      (result) => results.push(result),
    ),
  ),
);
const path = process.env['MOORING_TALLY'];
const before = path === undefined ? '' : readFileSync(path, 'utf8');
if (before !== '') results.push(JSON.parse(before) as FileResult);
const sum = (of: 'passed' | 'failed' | 'pending'): number => results.reduce((all, result) => all + result[of], 0);
const [passed, failed, pending] = [sum('passed'), sum('failed'), sum('pending')];
const failures = results.flatMap((result) => result.failures);
if (failures.length > 0) process.stdout.write(`failed:\n\n${failures.join('\n\n')}\n`);
const left = pending > 0 ? `, ${String(pending)} pending` : '';
process.stdout.write(`\n${String(passed)} passed, ${String(failed)} failed${left}\n`);
process.exitCode = failed === 0 ? 0 : 1;
