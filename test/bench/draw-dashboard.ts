/** A plain picture of a Grafana dashboard: every panel's series as lines, without Grafana. */
import type { RangeResult } from '@mooring/testing';
import type { DashboardQuery } from '../integration/dashboard.ts';

/** A query with what Prometheus answered. */
export interface DrawnQuery extends DashboardQuery {
  series: RangeResult[];
}

const WIDTH = 460;
const HEIGHT = 150;
const COLOURS = ['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728', '#9467bd', '#8c564b', '#e377c2', '#7f7f7f', '#bcbd22'];
/** Lines that a legend shows. */
const LEGEND_LINES = 8;

/** One HTML page, without scripts, with all panels in the dashboard's order. */
export function drawDashboard(queries: readonly DrawnQuery[]): string {
  const panels = Map.groupBy(queries, ({ title }) => title);
  const style =
    'body{font:12px sans-serif;margin:12px;display:flex;flex-wrap:wrap;gap:10px}section{border:1px solid #ccc;padding:8px;width:460px}' +
    'h2{font-size:14px;margin:0}p{color:#666;margin:2px 0}b{font-size:28px}table{border-collapse:collapse}td{padding:1px 8px}';
  const body = [...panels].map(([title, own]) => panel(title, own)).join('\n');
  return `<!doctype html><meta charset="utf-8"><title>Mooring</title><style>${style}</style>\n${body}\n`;
}

function panel(title: string, queries: readonly DrawnQuery[]): string {
  const [{ type, description } = { type: 'timeseries', description: '' }] = queries;
  const draw = { stat: drawStat, table: drawTable }[type] ?? drawLines;
  return `<section><h2>${escape(title)}</h2><p>${escape(description)}</p>${draw(queries)}</section>`;
}

function drawStat(queries: readonly DrawnQuery[]): string {
  const [last] = linesOf(queries).map(({ points }) => points.at(-1)?.[1]);
  return `<b>${last === undefined ? 'no data' : format(last, queries[0]?.unit)}</b>`;
}

function drawTable(queries: readonly DrawnQuery[]): string {
  const all = queries.flatMap(({ series }) => series);
  const end = Math.max(...all.map(({ values }) => values.at(-1)?.[0] ?? 0));
  const rows = all.filter(({ values }) => values.at(-1)?.[0] === end);
  const cells = rows.map(({ metric, values }) => [...Object.values(metric), values.at(-1)?.[1] ?? '']);
  return `<table>${cells.map((row) => `<tr>${row.map((cell) => `<td>${escape(cell)}</td>`).join('')}</tr>`).join('')}</table>`;
}

interface Line {
  name: string;
  points: (readonly [second: number, value: number])[];
}

function linesOf(queries: readonly DrawnQuery[]): Line[] {
  return queries.flatMap(({ series, legend }) =>
    series.map(({ metric, values }) => ({
      name: legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
      points: values
        .map(([second, value]) => [second, Number(value)] as const)
        .filter(([, value]) => Number.isFinite(value)),
    })),
  );
}

function drawLines(queries: readonly DrawnQuery[]): string {
  const lines = linesOf(queries);
  const all = lines.flatMap(({ points }) => points);
  if (all.length === 0) return '<b>no data</b>';
  const seconds = all.map(([second]) => second);
  const [start, end] = [Math.min(...seconds), Math.max(...seconds)];
  const top = Math.max(...all.map(([, value]) => value)) || 1;
  const x = (second: number) => ((second - start) / (end - start || 1)) * WIDTH;
  const y = (value: number) => HEIGHT - (value / top) * HEIGHT;
  const drawn = lines.map(({ points }, index) => {
    const path = points.map(([second, value]) => `${x(second).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    return `<polyline points="${path}" fill="none" stroke="${colour(index)}" stroke-width="1.5"/>`;
  });
  const legend = lines.slice(0, LEGEND_LINES).map(({ name, points }, index) => {
    const last = format(points.at(-1)?.[1] ?? 0, queries[0]?.unit);
    return `<span style="color:${colour(index)}">■</span> ${escape(name)} ${last}`;
  });
  if (lines.length > LEGEND_LINES) legend.push(`… ${lines.length - LEGEND_LINES} more`);
  return `<p>0 to ${format(top, queries[0]?.unit)}</p><svg width="${WIDTH}" height="${HEIGHT + 2}">${drawn.join('')}</svg><br>${legend.join('<br>')}`;
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? 'black';
}

function format(value: number, unit = 'short'): string {
  if (unit === 'bytes') return `${(value / 2 ** 20).toFixed(1)} MiB`;
  if (unit === 's') return value < 1 ? `${(value * 1_000).toFixed(1)} ms` : `${value.toFixed(1)} s`;
  return `${Number(value.toPrecision(3))}${unit === 'short' ? '' : '/s'}`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
