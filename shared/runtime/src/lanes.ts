interface Lane {
  readonly ready: string[];
  /** Index of the first key in `ready`: shifting a long array would copy it each time. */
  head: number;
  running: number;
}

/**
 * Ready keys in lanes, served in turn, each lane first in, first out, with at most `limit` keys of one lane out at once:
 * a lane whose keys all hang holds up nobody else. A lane without keys costs nothing.
 */
export class Lanes {
  readonly #limit: number;
  readonly #lanes = new Map<string, Lane>();
  #ready = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Keys that wait to be taken. */
  get size(): number {
    return this.#ready;
  }

  push(name: string, key: string): void {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { ready: [], head: 0, running: 0 };
      this.#lanes.set(name, lane);
    }
    lane.ready.push(key);
    this.#ready++;
  }

  /** Takes the next key of the lane whose turn it is; undefined when no lane has both a key and room. */
  take(): { lane: string; key: string } | undefined {
    if (this.#ready === 0) return undefined;
    for (const [name, lane] of this.#lanes) {
      if (lane.running >= this.#limit) continue;
      const key = takeFirst(lane);
      if (key === undefined) continue;
      lane.running++;
      this.#ready--;
      this.#lanes.delete(name); // back to the end of the line
      this.#lanes.set(name, lane);
      return { lane: name, key };
    }
    return undefined;
  }

  /** A key taken from lane `name` is done. */
  release(name: string): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return;
    lane.running--;
    if (lane.running === 0 && lane.head === lane.ready.length) this.#lanes.delete(name);
  }
}

function takeFirst(lane: Lane): string | undefined {
  const key = lane.ready[lane.head];
  if (key === undefined) return undefined;
  lane.head++;
  if (lane.head > 1024 && lane.head * 2 > lane.ready.length) {
    lane.ready.splice(0, lane.head);
    lane.head = 0;
  } else if (lane.head === lane.ready.length) {
    lane.ready.length = 0;
    lane.head = 0;
  }
  return key;
}
