import type { ApiClient } from './api-client.ts';

/** The API server's own rendering of a list (meta.k8s.io/v1 Table), as kubectl asks for it. */
interface Table {
  columnDefinitions: { name: string; priority: number }[];
  rows?: { cells: unknown[] }[];
}

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

/** Pads each column to its widest cell plus three spaces; the last one is not padded. */
export function renderColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + 3))).join('');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '<none>';
  return typeof cell === 'string' ? cell : JSON.stringify(cell);
}

/**
 * What `kubectl get` prints for a collection's path (`/apis/longhorn.io/v1beta2/namespaces/x/backups`): upper-case
 * headings and the columns that are shown without `-o wide`. At most `maxRows` rows, the rest as a number.
 */
export async function getTable(api: ApiClient, path: string, maxRows = 20): Promise<string> {
  const table = await api.request<Table>({ path, accept: TABLE });
  const shown = table.columnDefinitions.flatMap(({ priority }, index) => (priority === 0 ? [index] : []));
  const pick = (cells: readonly unknown[]) => shown.map((index) => cellText(cells[index]));
  const rows = table.rows ?? [];
  if (rows.length === 0) return 'No resources found';
  const headings = pick(table.columnDefinitions.map(({ name }) => name.toUpperCase()));
  const text = renderColumns([headings, ...rows.slice(0, maxRows).map(({ cells }) => pick(cells))]);
  return rows.length > maxRows ? `${text}\n… and ${String(rows.length - maxRows)} more` : text;
}
