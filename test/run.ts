/**
 * Runs all tests: three mocha processes side by side, each with a control plane of its own, for most tests wait and do not compute. Arguments go to
 * all. The output of the first is shown while it runs, that of the others at the end; the last line counts all (and what `MOORING_TALLY` has counted
 * before). Exit status 1 when a test failed.
 *
 *     npm test
 *     npx mocha test/integration/crds.test.ts     one file
 */
import { spawn } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly pending: number;
}

/** More than this many only wait for two cores. */
const PROCESSES = 3;
const NOTHING: Tally = { passed: 0, failed: 0, pending: 0 };
const UNIT = ['shared/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts'];
const ON_REAL_PARTS = ['test/compat/**/*.test.ts', 'test/integration/**/*.test.ts', 'test/fault/**/*.test.ts'];

function readTally(path: string): Tally {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Tally;
  } catch {
    // Empty, or a process that died before it had counted: its exit status says so.
    return NOTHING;
  }
}

/** Runs mocha over `files`; resolves with its exit status. `isShown`: its output is this process's. */
async function runMocha(
  files: readonly string[],
  tally: string,
  isShown: boolean,
): Promise<{ code: number; output: string }> {
  const mocha = join(import.meta.dirname, '../node_modules/mocha/bin/mocha.js');
  const reporter = join(import.meta.dirname, '../.ci/summary-reporter.js');
  const child = spawn(process.execPath, [mocha, '--reporter', reporter, ...process.argv.slice(2), ...files], {
    stdio: ['ignore', isShown ? 'inherit' : 'pipe', isShown ? 'inherit' : 'pipe'],
    env: { ...process.env, MOORING_TALLY: tally },
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const ended = Promise.withResolvers<number>();
  child.on('error', (error) => ended.reject(error));
  child.on('close', (code) => ended.resolve(code ?? 1));
  const code = await ended.promise;
  return { code, output: Buffer.concat(chunks).toString('utf8') };
}

const files = [
  ...globSync(UNIT, { exclude: (path) => path.includes('node_modules') }).sort(),
  ...globSync(ON_REAL_PARTS).sort(),
];
const folder = await mkdtemp(join(tmpdir(), 'mooring-run-'));
const tallies = Array.from({ length: PROCESSES }, (_, index) => join(folder, `${String(index)}.json`));
for (const tally of tallies) writeFileSync(tally, '');
const runs = await Promise.all(
  tallies.map((tally, index) =>
    runMocha(
      files.filter((_, place) => place % PROCESSES === index),
      tally,
      index === 0,
    ),
  ),
);
for (const { output } of runs) process.stdout.write(output);
const total = process.env['MOORING_TALLY'];
const counted = [...(total === undefined ? [] : [total]), ...tallies].map(readTally);
const sum = (of: keyof Tally): number => counted.reduce((all, tally) => all + tally[of], 0);
const result: Tally = { passed: sum('passed'), failed: sum('failed'), pending: sum('pending') };
if (total !== undefined) writeFileSync(total, JSON.stringify(result));
await rm(folder, { recursive: true, force: true });
const left = result.pending > 0 ? `, ${String(result.pending)} pending` : '';
process.stdout.write(`\n${String(result.passed)} passed, ${String(result.failed)} failed${left}\n`);
process.exitCode = runs.every(({ code }) => code === 0) ? 0 : 1;
