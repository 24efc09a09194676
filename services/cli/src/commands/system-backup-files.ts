import { open, readFile, rename, rm } from 'node:fs/promises';
import { downloadSystemBackup, removeSystemBackup, uploadSystemBackup } from '@mooring/backupstore';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatGoTime } from '../go-time.ts';
import { runLong } from '../long-run.ts';
import { parseSystemBackupUrl } from '../urls.ts';

/** Flags of `system-backup upload`; all are needed. */
export interface UploadFlags {
  readonly gitCommit?: string;
  readonly managerImage?: string;
  readonly engineImage?: string;
}

/** `system-backup upload FILE URL`. */
export async function upload(
  context: Context,
  { file, url }: { readonly file: string | undefined; readonly url: string | undefined },
  flags: UploadFlags,
): Promise<string> {
  const { target, version, name } = parseSystemBackupUrl(url);
  const { gitCommit = '', managerImage = '', engineImage = '' } = flags;
  for (const [flag, value] of Object.entries({ file: file ?? '', gitCommit, managerImage, engineImage })) {
    if (value === '') throw new CliError(`cannot find valid required parameter: ${flag}`);
  }
  const details = {
    longhornGitCommit: gitCommit,
    backupTargetUrl: target,
    managerImage,
    engineImage,
    createdAt: formatGoTime(context.world.now().getTime()),
  };
  const body = await readFile(file ?? '');
  await runLong(context, target, async ({ store, signal }) =>
    uploadSystemBackup({ store, signal, version, name, file: body, details }),
  );
  return '';
}

/** `system-backup download URL FILE`: under another name until it is proven. */
export async function download(context: Context, text: string | undefined, file: string | undefined): Promise<string> {
  const { target, version, name } = parseSystemBackupUrl(text);
  if (file === undefined) throw new CliError('cannot find valid required parameter: file');
  const draft = `${file}.partial`;
  const handle = await open(draft, 'w');
  try {
    const write = async (piece: Buffer): Promise<void> => {
      await handle.writeFile(piece);
    };
    await runLong(context, target, async ({ store, signal }) =>
      downloadSystemBackup({ store, signal, version, name, write }),
    );
    await handle.sync();
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return '';
}

/** `system-backup delete URL`. */
export async function remove(context: Context, text: string | undefined): Promise<string> {
  const { target, version, name } = parseSystemBackupUrl(text);
  await runLong(context, target, async ({ store, signal }) => removeSystemBackup({ store, signal, version, name }));
  return '';
}
