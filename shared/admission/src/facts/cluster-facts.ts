import { DEFAULT_TARGET, resources } from '@mooring/api';
import type { BackupTarget, FactNeed, Setting, Snapshot, Volume } from '@mooring/api';
import type { FactAnswer, FactRequest, FactSource } from './fact-source.ts';
import type { FactCaches } from './fact-caches.ts';
import { requireFresh } from './fresh-cache.ts';
import type { LiveReads } from './live-reads.ts';

/** What facts about a cluster come from. */
export interface ClusterFactsOptions {
  readonly caches: Pick<FactCaches, 'targets' | 'volumes' | 'settings'>;
  readonly live: LiveReads;
  readonly objectNamespace: string;
}

/**
 * Facts about the cluster: from the caches where one is kept and fresh, else from the API server. What a cache does not
 * have is asked for again live, so nothing is denied for an object that was created a moment ago.
 */
export function createClusterFacts(options: ClusterFactsOptions): FactSource {
  return { answer: (request) => answer(options, request) };
}

async function answer(options: ClusterFactsOptions, request: FactRequest): Promise<FactAnswer> {
  const { need, signal } = request;
  const { live } = options;
  switch (need.fact) {
    case 'snapshot':
      return live.get<Snapshot>(resources.snapshots, need.name, signal);
    case 'secret':
      return live.secret(need.name, signal);
    case 'backups': {
      const targets = await readTargets(options, request);
      return live.backups({ ...need, targets: targets.map((target) => target.metadata.name) }, signal);
    }
    case 'backupVolume':
      return live.backupVolume(need, signal);
    case 'backingImages':
      return live.backingImages(need, signal);
    default:
      return answerFromCache(options, request, need);
  }
}

type CachedNeed = Extract<FactNeed, { fact: 'targets' | 'volume' | 'setting' | 'standbyVolumes' }>;

async function answerFromCache(
  options: ClusterFactsOptions,
  request: FactRequest,
  need: CachedNeed,
): Promise<FactAnswer> {
  switch (need.fact) {
    case 'targets':
      return readTargets(options, request);
    case 'volume':
      return readVolume(options, request, need.name);
    case 'setting':
      return readSetting(options, request, need.name);
    case 'standbyVolumes':
      return standbyVolumes(await readVolumes(options, request), need.target);
  }
}

function readTargets({ caches, live }: ClusterFactsOptions, { mode, signal }: FactRequest) {
  if (mode === 'live') return live.list<BackupTarget>(resources.backupTargets, signal);
  return requireFresh(caches.targets, 'backup targets').list();
}

function readVolumes({ caches, live }: ClusterFactsOptions, { mode, signal }: FactRequest) {
  if (mode === 'live') return live.list<Volume>(resources.volumes, signal);
  return requireFresh(caches.volumes, 'volumes').list();
}

function readVolume(options: ClusterFactsOptions, { mode, signal }: FactRequest, name: string) {
  const cached =
    mode === 'cached' ? requireFresh(options.caches.volumes, 'volumes').get(options.objectNamespace, name) : undefined;
  return cached ?? options.live.get<Volume>(resources.volumes, name, signal);
}

/** A Setting that does not exist is the ordinary case and has a default, so its absence is believed to a fresh cache. */
async function readSetting(options: ClusterFactsOptions, { mode, signal }: FactRequest, name: string) {
  const setting =
    mode === 'cached'
      ? requireFresh(options.caches.settings, 'settings').get(options.objectNamespace, name)
      : await options.live.get<Setting>(resources.settings, name, signal);
  return setting?.value ?? null;
}

/** Names of the DR volumes that follow a backup volume of this target. */
function standbyVolumes(volumes: readonly Volume[], target: string): string[] {
  return volumes
    .filter(({ spec }) => spec.Standby === true && (spec.backupTargetName || DEFAULT_TARGET) === target)
    .map((volume) => volume.metadata.name)
    .sort();
}
