import { encodeBackupConfig, type BackupConfig, type BackupHead } from '../format/backup-config.ts';
import type { BlockTable } from './block-table.ts';

const ENTRY_HEAD = '{"Offset":';
const ENTRY_CHECKSUM = ',"BlockChecksum":"';
const ENTRY_TAIL = '"}';
const CHECKSUM_DIGITS = 64;

/** A backup config without its block list. */
export type ConfigWithoutBlocks = BackupHead & Pick<BackupConfig, 'processingBlocks' | 'singleFilePath'>;

// What the encoder writes for one block at offset 0, to be replaced by the list.
const PLACEHOLDER = { offset: 0, checksum: '#'.repeat(CHECKSUM_DIGITS) };
const PLACEHOLDER_TEXT = `${ENTRY_HEAD}0${ENTRY_CHECKSUM}${PLACEHOLDER.checksum}${ENTRY_TAIL}`;

/**
 * Encodes a backup config with the blocks of a table, byte for byte as `encodeBackupConfig`, into one buffer of exactly the
 * size needed: about 56 MB a TiB of 2 MiB blocks, where strings on the way would take several times that.
 */
export function encodeConfigWithTable(config: ConfigWithoutBlocks, table: BlockTable, blockBytes: number): Buffer {
  if (table.count === 0) return encodeBackupConfig({ ...config, blocks: [] });
  return insertBlocks(encodeBackupConfig({ ...config, blocks: [PLACEHOLDER] }), table, blockBytes);
}

/** Replaces the one block of an encoded config by those of a table. `template` has been encoded with {@link placeholderBlock}. */
export function insertBlocks(template: Buffer, table: BlockTable, blockBytes: number): Buffer {
  // Before it are only the names, labels and parameters, in which quotes are escaped.
  const at = template.indexOf(PLACEHOLDER_TEXT);
  const tail = template.subarray(at + PLACEHOLDER_TEXT.length);
  const result = Buffer.allocUnsafe(at + listBytes(table, blockBytes) + tail.length);
  let position = template.copy(result, 0, 0, at);
  for (const [index, checksum] of table.entries()) {
    const comma = position === at ? '' : ',';
    const entry = `${comma}${ENTRY_HEAD}${String(index * blockBytes)}${ENTRY_CHECKSUM}${checksum}${ENTRY_TAIL}`;
    position += result.write(entry, position, 'latin1');
  }
  tail.copy(result, position);
  return result;
}

/** The block to encode a template with. */
export const placeholderBlock = PLACEHOLDER;

function listBytes(table: BlockTable, blockBytes: number): number {
  const fixed = ENTRY_HEAD.length + ENTRY_CHECKSUM.length + CHECKSUM_DIGITS + ENTRY_TAIL.length;
  let bytes = table.count * (fixed + 1) - 1;
  for (const [index] of table.entries()) bytes += String(index * blockBytes).length;
  return bytes;
}
