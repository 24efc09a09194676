import { isStoreName, removeBackingImage, removeBackup, removeVolume, type SweepResult } from '@mooring/backupstore';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { runLong } from '../long-run.ts';
import { backingImageOf, parseResourceUrl, requiredBackupOf, volumeOf } from '../urls.ts';

/** Flags of `backup rm`. */
export interface RemoveFlags {
  /** Remove this whole volume; the argument is then the store's URL. */
  readonly volume?: string;
  readonly output?: string;
}

/** `backup rm URL`, or `backup rm --volume NAME DEST`. Prints nothing, as Longhorn; `-o json` says what was removed. */
export async function removeFromStore(context: Context, text: string | undefined, flags: RemoveFlags): Promise<string> {
  if (flags.volume !== undefined && flags.volume !== '')
    return await removeWhole(context, text, { ...flags, volume: flags.volume });
  const url = parseResourceUrl(text, 'backup URL');
  const name = { volume: volumeOf(url), backup: requiredBackupOf(url) };
  const result = await runLong(context, url.target, async ({ store, signal, log, onWaiting }) =>
    removeBackup({ ...name, store, signal, log, onWaiting }),
  );
  return shown(context, result, flags);
}

/** `backing-image rm URL`. */
export async function removeImage(context: Context, text: string | undefined, flags: RemoveFlags): Promise<string> {
  const url = parseResourceUrl(text, 'backing image URL');
  const name = backingImageOf(url);
  const result = await runLong(context, url.target, async ({ store, signal, log, onWaiting }) =>
    removeBackingImage({ name, store, signal, log, onWaiting }),
  );
  return shown(context, result, flags);
}

async function removeWhole(
  context: Context,
  dest: string | undefined,
  { volume, output }: RemoveFlags & { readonly volume: string },
): Promise<string> {
  if (dest === undefined) throw new CliError('cannot find valid required parameter: dest URL');
  if (!isStoreName(volume)) throw new CliError(`invalid volume name ${volume}`);
  const result = await runLong(context, dest, async ({ store, signal, log, onWaiting }) =>
    removeVolume({ volume, store, signal, log, onWaiting }),
  );
  return output === 'json' ? `${JSON.stringify(result)}\n` : '';
}

function shown(context: Context, result: SweepResult, { output }: RemoveFlags): string {
  if (result.skipped !== undefined) {
    context.log('warning', `no block was removed: ${result.skipped}; the next removal sweeps what nothing uses`);
  }
  return output === 'json' ? `${JSON.stringify(result)}\n` : '';
}
