import { listSystemBackups, readSystemBackupConfig, SYSTEM_BACKUPS_PREFIX } from '@mooring/backupstore';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatGoJson } from '../go-json.ts';
import { parseSystemBackupUrl } from '../urls.ts';

/** `system-backup list DEST`: name → place. Of two with one name, the later version's is shown, as Longhorn does. */
export async function listSystemBackupPlaces(context: Context, url: string | undefined): Promise<string> {
  if (url === undefined) throw new CliError('cannot find valid required parameter: dest URL');
  const store = await context.open(url);
  try {
    const { items, issues } = await listSystemBackups(store);
    for (const issue of issues) context.log('warning', `${issue.key}: ${issue.message}`);
    const places = items.map(({ name, version }): [string, string] => [
      name,
      `${SYSTEM_BACKUPS_PREFIX}${version}/${name}`,
    ]);
    return formatGoJson(new Map(places));
  } finally {
    store.close();
  }
}

/** `system-backup get-config URL`. */
export async function showSystemBackupConfig(context: Context, text: string | undefined): Promise<string> {
  const { target, version, name } = parseSystemBackupUrl(text);
  const store = await context.open(target);
  try {
    const { config } = await readSystemBackupConfig(store, { version, name });
    return formatGoJson({
      Name: config.name,
      LonghornVersion: config.longhornVersion,
      LonghornGitCommit: config.longhornGitCommit,
      BackupTargetURL: config.backupTargetUrl,
      ManagerImage: config.managerImage,
      EngineImage: config.engineImage,
      CreatedAt: config.createdAt,
      Checksum: config.checksum,
    });
  } finally {
    store.close();
  }
}
