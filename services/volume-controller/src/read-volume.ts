import { configStamp, type VolumeListing } from '@mooring/api';
import {
  isStoreError,
  type ObjectStore,
  type ReadConfig,
  readVolumeConfig,
  scanVolume,
  type VolumeConfig,
  volumeConfigKey,
} from '@mooring/backupstore';
import { type ConfigReading, VolumeConfigError } from './status.ts';

/** How to read a volume. */
export interface ReadOptions {
  /** True for a volume that never synced: its `volume.cfg` is needed whatever the listing says. */
  readonly isFirst: boolean;
  /** Stamp of `volume.cfg` when it was read last; undefined: it has to be read. */
  readonly knownStamp: string | undefined;
  /** The listing of a moment ago, handed over by target-controller; undefined: list. */
  readonly listing: VolumeListing | undefined;
  /** Wall clock, milliseconds. */
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** One volume as the store has it. */
export interface VolumeReading {
  readonly scan: VolumeListing & { readonly hasConfig: boolean };
  readonly reading: ConfigReading;
  /** Stamp of `volume.cfg`, to be passed as `knownStamp` next time; undefined while it cannot be read. */
  readonly stamp: string | undefined;
}

/**
 * Reads one volume: its folder by one LIST (none if it was listed a moment ago), its `volume.cfg` by one GET where it is new. A volume that never synced needs both for sure, so both
 * are sent at once. Throws StoreError when the store does not answer; a missing or corrupt `volume.cfg` is a finding, not an error.
 */
export async function readVolume(store: ObjectStore, name: string, options: ReadOptions): Promise<VolumeReading> {
  const { signal, isFirst, knownStamp } = options;
  const early = isFirst ? readConfig(store, name, signal) : undefined;
  early?.catch(() => undefined); // awaited below; the listing may fail first
  const scan = await listVolume(store, name, options);
  if (!scan.hasConfig) return { scan, reading: (await early) ?? missing(name), stamp: undefined };
  const stamp = configStamp({ etag: scan.configEtag, mtimeMs: scan.configMtimeMs ?? 0, size: 0 }, options.nowMs);
  if (early === undefined && stamp === knownStamp) return { scan, reading: { kind: 'unchanged' }, stamp };
  const reading = await (early ?? readConfig(store, name, signal));
  return { scan, reading, stamp: reading.kind === 'read' ? stamp : undefined };
}

/** Lists the folder unless that was done a moment ago; a volume that is gone looks like an empty folder. */
async function listVolume(store: ObjectStore, name: string, options: ReadOptions): Promise<VolumeReading['scan']> {
  const { signal, nowMs, listing } = options;
  const found = listing ?? (await scanVolume(store, name, { signal, now: () => nowMs }));
  return { backups: [], ...found, hasConfig: found?.configMtimeMs !== undefined };
}

async function readConfig(store: ObjectStore, name: string, signal: AbortSignal): Promise<ConfigReading> {
  let read: ReadConfig<VolumeConfig>;
  try {
    read = await readVolumeConfig(store, name, { signal });
  } catch (error) {
    if (isStoreError(error, 'NotFound')) return missing(name);
    if (isStoreError(error, 'Corrupt')) {
      return { kind: 'bad', error: new VolumeConfigError('Corrupt', error.message, error) };
    }
    throw error;
  }
  if (read.config.name === name) return { kind: 'read', config: read.config, mtimeMs: read.mtimeMs };
  const message = `'${volumeConfigKey(name)}' describes another volume, '${read.config.name}'; put the right file back`;
  return { kind: 'bad', error: new VolumeConfigError('ForeignObject', message) };
}

/** The words are Longhorn's; its programs and tests look for them. */
function missing(name: string): ConfigReading {
  const message = `cannot find ${volumeConfigKey(name)} in backupstore`;
  return { kind: 'bad', error: new VolumeConfigError('ConfigNotFound', message) };
}
