import { isStoreError } from '../errors.ts';
import { forEachParallel } from '../parallel.ts';
import type { BlockPool, PoolConfig, PoolConfigState } from './block-pool.ts';
import type { MarkSet } from './mark-set.ts';

// Configs read at once; each holds two pieces of 2 MiB.
const PARALLEL = 8;

/** A config that was read. */
export type ReadPoolConfig = PoolConfig & PoolConfigState;

/** What reading all configs of a pool gave. */
export interface Marked {
  /** Those that could be read, in the order of their keys. */
  readonly configs: readonly ReadPoolConfig[];
  /** Why nothing may be swept, in stable words: the first config (by key) that is unreadable or in progress. */
  readonly obstacle?: string;
  /** A config vanished while they were read: read again. */
  readonly hasChanged: boolean;
}

/** Reads all configs and adds what they refer to to `marks`. Throws the store's error, but not for an unreadable config. */
export async function markBlocks(
  pool: BlockPool,
  configs: readonly PoolConfig[],
  { marks, signal }: { readonly marks: MarkSet; readonly signal: AbortSignal },
): Promise<Marked> {
  const found = new Map<PoolConfig, ReadPoolConfig | 'unreadable' | 'vanished'>();
  const onBlocks = (blocks: readonly { readonly checksum: string }[]): void => {
    for (const { checksum } of blocks) marks.add(checksum);
  };
  await forEachParallel(configs, PARALLEL, async (config) => {
    try {
      found.set(config, { ...config, ...(await pool.read(config, { signal, onBlocks })) });
    } catch (error) {
      if (isStoreError(error, 'NotFound')) found.set(config, 'vanished');
      else if (isStoreError(error, 'Corrupt')) found.set(config, 'unreadable');
      else throw error;
    }
  });
  const read = configs.flatMap((config) => {
    const state = found.get(config);
    return typeof state === 'object' ? [state] : [];
  });
  const obstacle = configs
    .map((config) => obstacleOf(pool, config, found.get(config)))
    .find((text) => text !== undefined);
  return {
    configs: read,
    hasChanged: [...found.values()].includes('vanished'),
    ...(obstacle !== undefined && { obstacle }),
  };
}

function obstacleOf(
  { noun }: BlockPool,
  { name }: PoolConfig,
  state: ReadPoolConfig | 'unreadable' | 'vanished' | undefined,
): string | undefined {
  if (state === 'unreadable') return `the config of ${noun} '${name}' cannot be read`;
  if (typeof state === 'object' && !state.isComplete) return `${noun} '${name}' is in progress`;
  return undefined;
}
