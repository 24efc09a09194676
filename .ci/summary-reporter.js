import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import Mocha from 'mocha';
import { describeFailure } from '../test/failure.ts';

/** What the runs before this one counted: those that wrote into the file `MOORING_TALLY`. */
function readTally(path) {
  const text = path ? readFileSync(path, 'utf8') : '';
  return text ? JSON.parse(text) : { passed: 0, failed: 0, pending: 0, failures: [] };
}

function describe(test) {
  const file = test.file === undefined ? 'a hook of the run' : relative(process.cwd(), test.file);
  return describeFailure({ file, title: test.fullTitle() }, test.err);
}

/**
 * Mocha's `spec` reporter with one plain line after everything else: `412 passed, 0 failed` (and `, 2 pending` if any),
 * counted by mocha's own statistics, over all runs with one `MOORING_TALLY` file. A failed hook counts as failed.
 */
export default class SummaryReporter extends Mocha.reporters.Spec {
  /** Called by mocha after the last hook; `finish` ends the run with the number of failures. */
  done(failedCount, finish) {
    const path = process.env.MOORING_TALLY;
    const before = readTally(path);
    const passed = before.passed + this.stats.passes;
    const failed = before.failed + failedCount;
    const pending = before.pending + this.stats.pending;
    const failures = [...before.failures, ...this.failures.map(describe)];
    if (path) writeFileSync(path, JSON.stringify({ passed, failed, pending, failures }));
    const left = pending > 0 ? `, ${pending} pending` : '';
    process.stdout.write(`${passed} passed, ${failed} failed${left}\n`, () => finish(failedCount));
  }
}
