import type { BlockReference } from '../format/fields.ts';
import type { ObjectInfo } from '../store.ts';

/** A config that refers to blocks, as the listing shows it. */
export interface PoolConfig extends ObjectInfo {
  readonly key: string;
  /** Of the backup or backing image. */
  readonly name: string;
}

/** What a config says besides its blocks. */
export interface PoolConfigState {
  readonly isComplete: boolean;
  /** RFC 3339, for the choice of a volume's last backup; `''` for a backing image. */
  readonly snapshotCreatedAt: string;
}

/** Blocks, and the configs that refer to them: those of one volume, or those of all backing images. */
export interface BlockPool {
  /** What a config is called in messages: `backup`, `backing image`. */
  readonly noun: string;
  readonly blocksPrefix: string;
  readonly keyOf: (checksum: string) => string;
  /** All configs there are now, by key. */
  readonly list: (signal: AbortSignal) => Promise<readonly PoolConfig[]>;
  /** Reads one config and hands over all its blocks, in lists. Throws `NotFound`, `Corrupt`, or the store's error. */
  readonly read: (
    config: PoolConfig,
    options: { readonly signal: AbortSignal; readonly onBlocks: (blocks: readonly BlockReference[]) => void },
  ) => Promise<PoolConfigState>;
}
