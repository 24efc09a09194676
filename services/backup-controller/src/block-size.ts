/** Member of a config's `Parameters` that says its block size, a Kubernetes quantity; absent: 2 MiB (backupstore-format.md §2). */
const PARAMETER_BLOCK_SIZE = 'backup-block-size';

/** Legal values of `spec.backupBlockSize`; `-1` says: unknown, cannot be restored. */
export type BlockSize = '-1' | '2097152' | '16777216';

const LEGACY_BYTES = 2_097_152;
const LARGE_BYTES = 16_777_216;

const QUANTITY = /^(\d+)(Ki|Mi|Gi|k|M|G)?$/;

const FACTORS: Readonly<Record<string, number>> = {
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  k: 1000,
  M: 1000 ** 2,
  G: 1000 ** 3,
};

/** The block size that a config's parameters say; `-1` for one that no reader knows. */
export function blockSizeOf(parameters: Readonly<Record<string, string>> | null): BlockSize {
  const text = parameters?.[PARAMETER_BLOCK_SIZE] ?? '';
  if (text === '') return '2097152';
  const bytes = toBytes(text.trim());
  if (bytes === LEGACY_BYTES) return '2097152';
  return bytes === LARGE_BYTES ? '16777216' : '-1';
}

/**
 * The `spec.backupBlockSize` to write, or undefined when the object says the right thing already: absent means 2 MiB, and a size that is known
 * is immutable (the CRD refuses the change). So only backups of 16 MiB or of an unknown size cost this write.
 */
export function missingBlockSize(recorded: string, actual: BlockSize): BlockSize | undefined {
  if (recorded === actual || (recorded === '' && actual === '2097152')) return undefined;
  return recorded === '' || recorded === '-1' ? actual : undefined;
}

function toBytes(quantity: string): number {
  const [, digits = '', suffix] = QUANTITY.exec(quantity) ?? [];
  return Number(digits === '' ? NaN : digits) * (suffix === undefined ? 1 : (FACTORS[suffix] ?? NaN));
}
