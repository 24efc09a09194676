/** One value of a metric at scrape time. */
export interface Sample {
  value: number;
  labels: Readonly<Record<string, string>>;
}

/** A metric whose values are read at scrape time. */
export interface Observable {
  type: 'gauge' | 'counter';
  /** `longhorn_backup_state` */
  name: string;
  /** One sentence. */
  help: string;
  read(): Iterable<Sample>;
}

/** Large enough that few writes are made, small enough that 20,000 series never stand in memory as one text. */
const PIECE_CHARS = 16 * 1024;

/** Prometheus' text format 0.0.4 of some observables, in pieces. An observable that throws is left out from there on. */
export function* renderObservables(observables: Iterable<Observable>): Generator<string> {
  let piece = '';
  for (const line of lines(observables)) {
    piece += line;
    if (piece.length < PIECE_CHARS) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

function* lines(observables: Iterable<Observable>): Generator<string> {
  for (const observable of observables) {
    yield `# HELP ${observable.name} ${escapeHelp(observable.help)}\n# TYPE ${observable.name} ${observable.type}\n`;
    try {
      for (const { value, labels } of observable.read())
        yield `${observable.name}${labelText(labels)} ${valueText(value)}\n`;
    } catch {
      continue; // a scrape must not fail because one cache is being rebuilt; the gap is visible to Prometheus (`absent()`)
    }
  }
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function valueText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
