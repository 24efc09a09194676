/**
 * Gives the memory of a buffer back now, where it has memory of its own: V8 would keep dozens of blocks for its next collection.
 * The buffer is empty afterwards. MUST: nobody reads or writes it any more, a call that was given up neither.
 */
export function freeBlock({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}
