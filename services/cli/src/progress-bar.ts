import type { World } from './context.ts';

const WIDTH = 30;
// A screen is read ten times a second at most.
const EVERY_MS = 100;
const GIB = 1024 ** 3;

/** What a bar shows. */
export interface Shown {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** 0 to 100. */
  readonly percent: number;
}

/** A progress bar in the last line of a terminal's stderr; nothing where stderr is no terminal. */
export class ProgressBar {
  readonly #world: World;
  #lastMs = 0;
  #isShown = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** Draws it anew, unless it just was. */
  readonly show = ({ bytesDone, bytesTotal, percent }: Shown): void => {
    const nowMs = this.#world.now().getTime();
    if (this.#world.isTerminal !== true || (percent < 100 && nowMs - this.#lastMs < EVERY_MS)) return;
    this.#lastMs = nowMs;
    this.#isShown = true;
    const full = Math.round((Math.min(percent, 100) / 100) * WIDTH);
    const bar = '#'.repeat(full).padEnd(WIDTH, '.');
    const figures = `${(bytesDone / GIB).toFixed(2)} of ${(bytesTotal / GIB).toFixed(2)} GiB`;
    this.#world.stderr(`\r[${bar}] ${String(percent).padStart(3)} %  ${figures} `);
  };

  /** Ends the line. */
  end(): void {
    if (this.#isShown) this.#world.stderr('\n');
    this.#isShown = false;
  }
}
