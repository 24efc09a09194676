import { StoreError } from '../errors.ts';
import type { StringMap } from './fields.ts';

/** 2 MiB: the block size of a backup that does not say another, and of every backing image. */
export const DEFAULT_BLOCK_BYTES = 2 * 1024 * 1024;

const PARAMETER = 'backup-block-size';
// The largest block of any use; more would only serve to exhaust memory.
const MAX_BLOCK_BYTES = 1024 ** 3;
const QUANTITY = /^\+?(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,2})|(Ki|Mi|Gi|Ti|k|M|G|T))?$/;
const FACTORS: Readonly<Record<string, number>> = {
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  k: 1000,
  M: 1000 ** 2,
  G: 1000 ** 3,
  T: 1000 ** 4,
};

/**
 * The block size that a backup's `Parameters` say, bytes: `backup-block-size`, a Kubernetes quantity (`2097152`, `16Mi`);
 * absent or empty: 2 MiB. Throws `Corrupt` for anything else; `key` is the config's.
 */
export function blockBytesOf(parameters: StringMap, key: string): number {
  const text = parameters?.[PARAMETER] ?? '';
  if (text === '') return DEFAULT_BLOCK_BYTES;
  const bytes = parseQuantity(text);
  if (Number.isSafeInteger(bytes) && bytes > 0 && bytes <= MAX_BLOCK_BYTES) return bytes;
  throw new StoreError('Corrupt', { action: `decode object '${key}'`, detail: `invalid block size ${text}`, key });
}

function parseQuantity(text: string): number {
  const [, digits = '', exponent = '0', suffix = ''] = QUANTITY.exec(text) ?? [];
  return digits === '' ? NaN : Number(digits) * 10 ** Number(exponent) * (FACTORS[suffix] ?? 1);
}
