import Mocha from 'mocha';

/**
 * Mocha's `spec` reporter with one plain line after everything else: `412 passed, 0 failed` (and `, 2 pending` if any),
 * counted by mocha's own statistics. A failed hook counts as failed.
 */
export default class SummaryReporter extends Mocha.reporters.Spec {
  /** Called by mocha after the last hook; `finish` ends the run with the number of failures. */
  done(failures, finish) {
    const { passes, pending } = this.stats;
    const left = pending > 0 ? `, ${pending} pending` : '';
    process.stdout.write(`${passes} passed, ${failures} failed${left}\n`, () => finish(failures));
  }
}
