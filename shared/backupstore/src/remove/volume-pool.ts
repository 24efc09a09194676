import { isBackupComplete } from '../format/backup-config.ts';
import { backupsPrefix, blockKeyBelow, blocksPrefix, compareKeys, isLeftover, parseBackupFileName } from '../layout.ts';
import { listPages } from '../scan/list-all.ts';
import type { ObjectStore } from '../store.ts';
import { streamBackup } from '../stream-backup.ts';
import type { BlockPool, PoolConfig } from './block-pool.ts';

/** The blocks and backups of one volume. */
export function volumePool(store: ObjectStore, volume: string): BlockPool {
  const prefix = blocksPrefix(volume);
  return {
    noun: 'backup',
    blocksPrefix: prefix,
    keyOf: (checksum) => blockKeyBelow(prefix, checksum),
    list: async (signal) => await listConfigs(store, backupsPrefix(volume), signal),
    read: async ({ name }, { signal, onBlocks }) => {
      const stream = streamBackup(store, { volume, backup: name }, { signal });
      for (;;) {
        const next = await stream.next();
        if (next.done !== true) {
          onBlocks(next.value);
          continue;
        }
        const { config } = next.value;
        return { isComplete: isBackupComplete(config), snapshotCreatedAt: config.snapshotCreatedAt };
      }
    },
  };
}

async function listConfigs(store: ObjectStore, prefix: string, signal: AbortSignal): Promise<PoolConfig[]> {
  const configs: PoolConfig[] = [];
  for await (const page of listPages(store, { prefix, signal })) {
    for (const object of page.objects) {
      const name = parseBackupFileName(object.key.slice(prefix.length));
      if (name !== undefined && !isLeftover(object.key)) configs.push({ ...object, name });
    }
  }
  return configs.sort((a, b) => compareKeys(a.key, b.key));
}
