let zeros = Buffer.alloc(0);

/** Whether all bytes of a block are 0. */
export function isZero(block: Buffer): boolean {
  if (zeros.length < block.length) zeros = Buffer.alloc(block.length);
  return block.equals(zeros.subarray(0, block.length));
}
