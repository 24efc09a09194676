import { verifyBackup, type VerifyResult } from '@mooring/backupstore';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { concurrencyFrom, runLong } from '../long-run.ts';
import { parseResourceUrl, requiredBackupOf, volumeOf } from '../urls.ts';

/** Flags of `backup verify`. */
export interface VerifyFlags {
  readonly full?: boolean;
  readonly concurrentLimit?: string;
  readonly output?: string;
}

// Named in the error; `-o json` has more.
const SHOWN = 10;

/** `backup verify URL [--full]`: whether every block is there, or, with `--full`, sound. Ends with an error when one is not. */
export async function verify(context: Context, text: string | undefined, flags: VerifyFlags): Promise<string> {
  const url = parseResourceUrl(text, 'backup URL');
  const name = { volume: volumeOf(url), backup: requiredBackupOf(url) };
  const concurrency = concurrencyFrom(flags.concurrentLimit);
  const mode = flags.full === true ? 'full' : 'lists';
  const result = await runLong(context, url.target, async ({ store, signal, show }) =>
    verifyBackup({ ...name, store, signal, mode, concurrency, onProgress: show }),
  );
  if (flags.output === 'json') context.world.stdout(`${JSON.stringify(result)}\n`);
  if (result.badCount > 0) throw new CliError(damageOf(name.backup, result));
  if (flags.output === 'json') return '';
  const proof = mode === 'full' ? 'sound' : 'there';
  return `backup ${name.backup}: all ${String(result.blocks)} blocks are ${proof}\n`;
}

function damageOf(backup: string, { bad, badCount, blocks }: VerifyResult): string {
  const shown = bad.slice(0, SHOWN).map(({ problem, offset, key }) => `${problem} at offset ${String(offset)}: ${key}`);
  const more = badCount > shown.length ? [`and ${String(badCount - shown.length)} more`] : [];
  return [`backup ${backup}: ${String(badCount)} bad among ${String(blocks)} blocks`, ...shown, ...more].join('\n');
}
