import { probeConformance, type CheckResult } from '@mooring/backupstore';
import type { Context } from '../context.ts';
import { CliError, toCliError } from '../errors.ts';

const MARKS = { ok: 'ok     ', failed: 'FAILED ', skipped: 'skipped' } as const;

/**
 * `store probe URL`: checks on the user's own store what Mooring relies on, a line for each guarantee. It writes below
 * `backupstore/mooring-probe/` and removes it again. Ends with an error when a guarantee does not hold.
 */
export async function probe(context: Context, url: string | undefined): Promise<string> {
  if (url === undefined) throw new CliError('cannot find valid required parameter: dest URL');
  const store = await context.open(url);
  let failures = 0;
  try {
    for await (const result of probeConformance(store)) {
      if (result.outcome === 'failed') failures += 1;
      context.world.stdout(formatResult(result));
    }
  } finally {
    store.close();
  }
  if (failures > 0) throw new CliError(`${String(failures)} of the store's guarantees do not hold`);
  return 'the store does all that is needed\n';
}

function formatResult({ name, outcome, error }: CheckResult): string {
  const cause = outcome === 'failed' ? `: ${toCliError(error).message}` : '';
  return `${MARKS[outcome]} ${name}${cause}\n`;
}
