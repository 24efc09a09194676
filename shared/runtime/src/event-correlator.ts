import type { Clock } from './clock.ts';

/** What makes two events one story. */
export interface EventKey {
  readonly uid: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** What to do with an event. `prefix` goes before the message. */
export type EventDecision<Known> =
  | { readonly action: 'create'; readonly series: Series<Known>; readonly prefix: string }
  | { readonly action: 'repeat'; readonly series: Series<Known>; readonly known: Known; readonly prefix: string }
  | { readonly action: 'drop' };

/** Events that were joined into one. */
export interface Series<Known> {
  count: number;
  firstAtMs: number;
  lastAtMs: number;
  /** The Event object, once it is written. */
  known: Known | undefined;
}

interface Story<Known> {
  startedAtMs: number;
  readonly byMessage: Map<string, Series<Known>>;
  combined: Series<Known> | undefined;
}

interface Budget {
  tokens: number;
  countedAtMs: number;
}

/** Repetitions within ten minutes are counted in one Event: client-go's window. */
const WINDOW_MS = 600_000;
/** Different messages of one reason before they are combined into one Event: client-go's number. */
const MAX_MESSAGES = 10;
/** Events of one object: so many at once, then one in five minutes. client-go's numbers. */
const BURST = 25;
const REFILL_MS = 300_000;
/** Stories and budgets remembered; the least recently used go first. About 1 KiB each. */
const MAX_REMEMBERED = 4_096;

const COMBINED_PREFIX = '(combined from similar events): ';

/** Decides, as client-go's correlator does, whether an event is new, the repetition of one, one too many messages, or one too many events. Bounded memory. */
export class EventCorrelator<Known> {
  readonly #clock: Clock;
  readonly #stories = new Map<string, Story<Known>>();
  readonly #budgets = new Map<string, Budget>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  decide(event: EventKey): EventDecision<Known> {
    if (!this.#spend(event.uid)) return { action: 'drop' };
    const nowMs = this.#clock.monotonic();
    const story = this.#storyOf(event, nowMs);
    const { series, prefix } = seriesOf(story, event.message);
    series.count++;
    series.lastAtMs = this.#clock.now();
    if (series.count === 1) series.firstAtMs = series.lastAtMs;
    if (series.known === undefined) return { action: 'create', series, prefix };
    return { action: 'repeat', series, known: series.known, prefix };
  }

  #storyOf(event: EventKey, nowMs: number): Story<Known> {
    const id = `${event.uid}\n${event.type}\n${event.reason}`;
    let story = touch(this.#stories, id);
    if (story === undefined || nowMs - story.startedAtMs >= WINDOW_MS) {
      story = { startedAtMs: nowMs, byMessage: new Map(), combined: undefined };
      remember(this.#stories, id, story);
    }
    return story;
  }

  #spend(uid: string): boolean {
    const nowMs = this.#clock.monotonic();
    const budget = touch(this.#budgets, uid) ?? { tokens: BURST, countedAtMs: nowMs };
    budget.tokens = Math.min(BURST, budget.tokens + (nowMs - budget.countedAtMs) / REFILL_MS);
    budget.countedAtMs = nowMs;
    remember(this.#budgets, uid, budget);
    if (budget.tokens < 1) return false;
    budget.tokens--;
    return true;
  }
}

function seriesOf<Known>(story: Story<Known>, message: string): { series: Series<Known>; prefix: string } {
  const own = story.byMessage.get(message);
  if (own !== undefined) return { series: own, prefix: '' };
  if (story.byMessage.size < MAX_MESSAGES) {
    const series = newSeries<Known>();
    story.byMessage.set(message, series);
    return { series, prefix: '' };
  }
  story.combined ??= newSeries<Known>();
  return { series: story.combined, prefix: COMBINED_PREFIX };
}

function newSeries<Known>(): Series<Known> {
  return { count: 0, firstAtMs: 0, lastAtMs: 0, known: undefined };
}

/** Gives an entry and makes it the most recently used. */
function touch<T>(map: Map<string, T>, key: string): T | undefined {
  const value = map.get(key);
  if (value === undefined) return undefined;
  map.delete(key);
  map.set(key, value);
  return value;
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size <= MAX_REMEMBERED) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
