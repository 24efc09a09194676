// Node has no lseek and no fallocate. Static, in a file of its own: loaded only where a file's holes are looked for.
import koffi from 'koffi';

const SEEK_END = 2;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

// The process itself: its C library, whichever it is.
const process_ = koffi.load(null);
const lseek = process_.func('int64_t lseek(int fd, int64_t offset, int whence)');
const fallocate = process_.func('int fallocate(int fd, int mode, int64_t offset, int64_t len)');

/** The first byte of data at or after `offset`; `'end'` when there is none; `'unknown'` where the file system cannot tell. */
export function seekData(fd: number, offset: number): number | 'end' | 'unknown' {
  return seek(fd, offset, SEEK_DATA);
}

/** The first byte of a hole at or after `offset`, at most the file's size; `'end'` behind it; `'unknown'` as above. */
export function seekHole(fd: number, offset: number): number | 'end' | 'unknown' {
  return seek(fd, offset, SEEK_HOLE);
}

/** Bytes of a file or block device (whose stat says 0); `undefined` where it cannot be told. Moves the file's position. */
export function sizeByEnd(fd: number): number | undefined {
  const end = Number(lseek(fd, 0, SEEK_END));
  return end < 0 ? undefined : end;
}

/** Frees a range so that it reads as zeros; whether the file system or device could. The size stays. */
export function punchRange(fd: number, offset: number, length: number): boolean {
  return fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, offset, length) === 0;
}

function seek(fd: number, offset: number, whence: number): number | 'end' | 'unknown' {
  const found = Number(lseek(fd, offset, whence));
  if (found >= 0) return found;
  return koffi.errno() === koffi.os.errno.ENXIO ? 'end' : 'unknown';
}
