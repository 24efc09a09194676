import { outlineFields, type BackupOutline } from './backup-config.ts';
import { memberDecoder } from './codec.ts';
import { foldKey, readBlock, type BlockReference } from './fields.ts';
import { FormatError, JsonReader, NeedMoreBytes, parseJson } from './json-reader.ts';

const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const ZERO = 0x30;

// An element as every release writes it: {"Offset":0,"BlockChecksum":"<64 hex>"}.
const BEFORE_OFFSET = Buffer.from('{"Offset":');
const BEFORE_CHECKSUM = Buffer.from(',"BlockChecksum":"');
const BEHIND_CHECKSUM = Buffer.from('"}');
const CHECKSUM_LENGTH = 64;
// Offsets stay below 2^53.
const MAX_DIGITS = 15;
const LONGEST_ELEMENT = 10 + MAX_DIGITS + 18 + CHECKSUM_LENGTH + 2;

/** No writer makes a shorter one: `{"Offset":0,"BlockChecksum":"<64>"},`. For the size of tables. */
export const SHORTEST_ELEMENT_BYTES = 96;

type State = 'start' | 'first-member' | 'member' | 'behind-member' | 'first-block' | 'block' | 'behind-block' | 'end';

/**
 * Reads a backup config piece by piece, for one of a 10 TiB volume is 540 MB of JSON: as tolerant and as strict as
 * `decodeBackupConfig`, but that a second block list is an error. Memory: one piece, and the longest member but the block list.
 */
export class BlockListReader {
  readonly #members = memberDecoder(outlineFields);
  #state: State = 'start';
  #rest: Buffer = Buffer.alloc(0);
  #hasBlocks = false;
  #found: BlockReference[] = [];

  /** The members read so far; all of them after the last piece. */
  get outline(): BackupOutline {
    return this.#members.result;
  }

  /** Takes the next piece and returns the blocks that ended in it. Throws `FormatError`. */
  push(piece: Buffer, isLast: boolean): readonly BlockReference[] {
    const window = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const reader = new JsonReader(window, isLast);
    this.#found = [];
    let done = 0;
    try {
      while (this.#state !== 'end') {
        this.#state = this.#step(reader, window);
        done = reader.position;
      }
      this.#rest = Buffer.alloc(0);
    } catch (error) {
      if (!(error instanceof NeedMoreBytes)) throw error;
      this.#rest = window.subarray(done);
    }
    return this.#found;
  }

  // One step either ends, with what it read taken, or throws `NeedMoreBytes`, with nothing taken.
  #step(reader: JsonReader, window: Buffer): State {
    switch (this.#state) {
      case 'start':
        return openFile(reader);
      case 'first-member':
        return reader.accept(CLOSE_BRACE) ? 'end' : this.#readMember(reader);
      case 'member':
        return this.#readMember(reader);
      case 'behind-member':
        return separator(reader, { close: CLOSE_BRACE, ended: 'end', more: 'member' });
      case 'first-block':
        return reader.accept(CLOSE_BRACKET) ? 'behind-member' : this.#readBlocks(reader, window);
      case 'block':
        return this.#readBlocks(reader, window);
      case 'behind-block':
        return separator(reader, { close: CLOSE_BRACKET, ended: 'behind-member', more: 'block' });
      case 'end':
        return 'end';
    }
  }

  #readMember(reader: JsonReader): State {
    if (reader.peek() !== QUOTE) throw new FormatError('an object key must be a string');
    const key = String(parseJson(reader.raw()));
    reader.expect(COLON, "':'");
    if (foldKey(key) !== 'blocks') {
      this.#members.read(reader, key);
      return 'behind-member';
    }
    if (reader.peek() === OPEN_BRACKET) {
      if (this.#hasBlocks) throw new FormatError('there are two block lists');
      this.#hasBlocks = true;
      reader.expect(OPEN_BRACKET, "'['");
      return 'first-block';
    }
    if (reader.raw() !== 'null') throw new FormatError("'Blocks' must be an array");
    return 'behind-member';
  }

  // Reads as many elements of the usual form as there are; one of another form by the general reader.
  #readBlocks(reader: JsonReader, window: Buffer): State {
    let at = reader.position;
    const before = this.#found.length;
    for (;;) {
      const end = this.#takeUsualBlock(window, at);
      if (end < 0) break;
      at = end;
      if (window[at] !== COMMA) {
        reader.skipTo(at);
        return 'behind-block';
      }
      at += 1;
    }
    reader.skipTo(at);
    if (this.#found.length > before) return 'block';
    this.#found.push(readBlock(reader, 'Blocks'));
    return 'behind-block';
  }

  // Behind the element at `start`, which is taken; -1 when there is none of the usual form.
  #takeUsualBlock(window: Buffer, start: number): number {
    if (start + LONGEST_ELEMENT > window.length || !isAt(window, start, BEFORE_OFFSET)) return -1;
    const digits = start + BEFORE_OFFSET.length;
    const end = behindDigits(window, digits);
    const checksum = end + BEFORE_CHECKSUM.length;
    const behind = checksum + CHECKSUM_LENGTH;
    if (end < 0 || !isAt(window, end, BEFORE_CHECKSUM) || !isAt(window, behind, BEHIND_CHECKSUM)) return -1;
    if (!isHex(window, checksum, behind)) return -1;
    this.#found.push({
      offset: Number(window.toString('latin1', digits, end)),
      checksum: window.toString('latin1', checksum, behind),
    });
    return behind + BEHIND_CHECKSUM.length;
  }
}

function openFile(reader: JsonReader): State {
  if (reader.accept(OPEN_BRACE)) return 'first-member';
  // Only `null` starts with n: an empty config, as for Go.
  if (reader.raw().startsWith('null')) return 'end';
  throw new FormatError('the file must hold a JSON object');
}

function separator(reader: JsonReader, next: { close: number; ended: State; more: State }): State {
  if (reader.accept(next.close)) return next.ended;
  reader.expect(COMMA, `',' or '${String.fromCharCode(next.close)}'`);
  return next.more;
}

function isAt(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index++) if (bytes[at + index] !== expected[index]) return false;
  return true;
}

// Behind a whole number as JSON writes it; -1 when there is none.
function behindDigits(bytes: Buffer, start: number): number {
  let at = start;
  while (isDigit(bytes[at] ?? 0)) at += 1;
  const length = at - start;
  const isZeroLed = length > 1 && bytes[start] === ZERO;
  return length === 0 || length > MAX_DIGITS || isZeroLed ? -1 : at;
}

function isHex(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (!isDigit(byte) && (byte < 0x61 || byte > 0x66)) return false;
  }
  return true;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}
