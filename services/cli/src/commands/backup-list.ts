import {
  isStoreName,
  scanStore,
  scanVolume,
  volumeConfigKey,
  type ScannedVolume,
  type ScanIssue,
} from '@mooring/backupstore';
import { listedVolume } from '../backup-views.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatGoJson, type GoValue } from '../go-json.ts';

/** Flags of `backup ls`. */
export interface ListOptions {
  /** Only this volume; it is listed even when it is not there. */
  readonly volume?: string;
  /** Without the backups. */
  readonly volumeOnly?: boolean;
}

/**
 * `backup ls DEST`: the volumes of a store and the names of their backups. What does not belong into the store is told on
 * stderr and breaks nothing (Longhorn ends at the first bad folder name).
 */
export async function listBackups(context: Context, url: string | undefined, options: ListOptions): Promise<string> {
  if (url === undefined) throw new CliError('cannot find valid required parameter: dest URL');
  const store = await context.open(url);
  try {
    const volumes = new Map<string, GoValue>();
    const take = (volume: ScannedVolume): void => {
      warn(context, volume.issues);
      volumes.set(volume.name, shown(volume, options));
    };
    if (options.volume === undefined || options.volume === '') {
      warn(context, (await scanStore(store, { onVolume: take })).issues);
    } else {
      if (!isStoreName(options.volume)) throw new CliError(`invalid volume name ${options.volume}`);
      take((await scanVolume(store, options.volume)) ?? absent(options.volume));
    }
    return formatGoJson(volumes);
  } finally {
    store.close();
  }
}

function shown(volume: ScannedVolume, options: ListOptions): GoValue {
  if (!volume.hasConfig) {
    return listedVolume({ backups: [], error: `cannot find ${volumeConfigKey(volume.name)} in backupstore` });
  }
  return listedVolume({ backups: options.volumeOnly === true ? [] : volume.backups.map((backup) => backup.name) });
}

function absent(name: string): ScannedVolume {
  return { name, backups: [], hasConfig: false, fingerprint: '', issues: [] };
}

function warn(context: Context, issues: readonly ScanIssue[]): void {
  for (const issue of issues) context.log('warning', `${issue.key}: ${issue.message}`);
}
