import {
  backupConfigKey,
  isBackupComplete,
  readBackupHeadAndEnd,
  readVolumeConfig,
  volumeConfigKey,
} from '@mooring/backupstore';
import { inspectedBackup, inspectedVolume } from '../backup-views.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatGoJson } from '../go-json.ts';
import { formatGoTime } from '../go-time.ts';
import { backupOf, parseResourceUrl, volumeOf } from '../urls.ts';

/** `backup inspect URL`: one complete backup. */
export async function inspectBackup(context: Context, text: string | undefined): Promise<string> {
  const url = parseResourceUrl(text, 'backup URL');
  const volume = volumeOf(url);
  const backup = backupOf(url);
  const store = await context.open(url.target);
  try {
    const { config: volumeConfig } = await readVolumeConfig(store, volume);
    const { config } = await readBackupHeadAndEnd(store, { volume, backup });
    if (!isBackupComplete(config)) throw new CliError(`backup ${config.name} is still in progress`);
    return formatGoJson(inspectedBackup(config, volumeConfig, url.shown));
  } finally {
    store.close();
  }
}

/** `backup inspect-volume URL`: what `volume.cfg` says. */
export async function inspectVolume(context: Context, text: string | undefined): Promise<string> {
  const url = parseResourceUrl(text, 'volume URL');
  const volume = volumeOf(url);
  const store = await context.open(url.target);
  try {
    const { config } = await readVolumeConfig(store, volume);
    return formatGoJson(inspectedVolume(config));
  } finally {
    store.close();
  }
}

/** `backup head URL`: when the config of a volume or backup was last written. */
export async function showHead(context: Context, text: string | undefined): Promise<string> {
  const url = parseResourceUrl(text, 'volume or backup URL');
  const volume = volumeOf(url);
  const backup = backupOf(url);
  const store = await context.open(url.target);
  try {
    const key = backup === '' ? volumeConfigKey(volume) : backupConfigKey(volume, backup);
    const { mtimeMs } = await store.head({ key });
    return formatGoJson({ ModificationTime: formatGoTime(mtimeMs) });
  } finally {
    store.close();
  }
}
