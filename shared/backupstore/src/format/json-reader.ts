/** Thrown when the bytes at hand end before the value does and more bytes exist: read more and start again. */
export class NeedMoreBytes extends Error {
  override readonly name = 'NeedMoreBytes';
}

/** The bytes are no JSON, or not of the expected type; `message` names field and cause. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Reads JSON from the start of a buffer, value by value, so that the head of a file can be read without the rest and
 * what follows the first value is ignored (as Go's decoder does). Syntax is checked exactly; a string that merely
 * contains `"Blocks"` or braces is a string.
 */
export class JsonReader {
  readonly #bytes: Buffer;
  readonly #complete: boolean;
  #position = 0;

  /** `complete`: whether `bytes` is the whole file; else running off the end throws {@link NeedMoreBytes}. */
  constructor(bytes: Buffer, complete: boolean) {
    this.#bytes = bytes;
    this.#complete = complete;
  }

  /** The next byte that is no white space, not consumed. Throws at the end. */
  peek(): number {
    for (;;) {
      const byte = this.#bytes[this.#position];
      if (byte === undefined) throw this.#ended();
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.#position += 1;
    }
  }

  /**
   * Walks the members of an object; `onMember` must consume the value (`raw`, `members`, `elements`) and may return
   * `'stop'` before doing so to end the walk there.
   */
  members(onMember: (key: string) => 'stop' | undefined): 'stopped' | 'ended' {
    this.expect(OPEN_BRACE, "'{'");
    if (this.accept(CLOSE_BRACE)) return 'ended';
    for (;;) {
      if (this.peek() !== QUOTE) throw new FormatError('an object key must be a string');
      const key = parseJson(this.raw());
      this.expect(COLON, "':'");
      if (onMember(String(key)) === 'stop') return 'stopped';
      if (this.accept(CLOSE_BRACE)) return 'ended';
      this.expect(COMMA, "',' or '}'");
    }
  }

  /** Walks the elements of an array; `onElement` must consume each. */
  elements(onElement: () => void): void {
    this.expect(OPEN_BRACKET, "'['");
    if (this.accept(CLOSE_BRACKET)) return;
    for (;;) {
      onElement();
      if (this.accept(CLOSE_BRACKET)) return;
      this.expect(COMMA, "',' or ']'");
    }
  }

  /** Consumes one value of any type; its JSON text. The text of an object, array or scalar is not checked here: `parseJson` does. */
  raw(): string {
    const first = this.peek();
    const start = this.#position;
    if (first === QUOTE) this.#skipString();
    else if (first === OPEN_BRACE || first === OPEN_BRACKET) this.#skipNested();
    else this.#skipScalar();
    return this.#bytes.toString('utf8', start, this.#position);
  }

  /** How many bytes have been consumed. */
  get position(): number {
    return this.#position;
  }

  /** Goes on behind `position`. */
  skipTo(position: number): void {
    this.#position = position;
  }

  /** Consumes the next byte that is no white space when it is `byte`. */
  accept(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.#position += 1;
    return true;
  }

  /** Consumes `byte`; throws {@link FormatError} when something else comes. */
  expect(byte: number, name: string): void {
    if (!this.accept(byte)) throw new FormatError(`expected ${name} at byte ${String(this.#position)}`);
  }

  #skipString(): void {
    for (let at = this.#position + 1; ; at++) {
      const byte = this.#bytes[at];
      if (byte === undefined) throw this.#ended();
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) {
        this.#position = at + 1;
        return;
      }
    }
  }

  #skipNested(): void {
    let depth = 0;
    for (;;) {
      const byte = this.#bytes[this.#position];
      if (byte === undefined) throw this.#ended();
      if (byte === QUOTE) {
        this.#skipString();
        continue;
      }
      this.#position += 1;
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
      if (depth === 0) return;
    }
  }

  #skipScalar(): void {
    const start = this.#position;
    while (isScalarByte(this.#bytes[this.#position])) this.#position += 1;
    if (this.#position === start) throw new FormatError(`unexpected character at byte ${String(start)}`);
    // A scalar that touches the end of a partial file may go on behind it.
    if (this.#position === this.#bytes.length && !this.#complete) throw new NeedMoreBytes();
  }

  #ended(): Error {
    if (!this.#complete) return new NeedMoreBytes();
    return new FormatError(this.#bytes.length === 0 ? 'the file is empty' : 'the file ends too early');
  }
}

/** Parses the text of one JSON value; a syntax error becomes a {@link FormatError}. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new FormatError('the file is no JSON', { cause: error });
  }
}

function isScalarByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e
  );
}
