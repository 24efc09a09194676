import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const DASHBOARD = join(import.meta.dirname, '../../charts/mooring/files/dashboards/mooring.json');

/** One query of a panel. */
export interface DashboardQuery {
  /** The panel's. */
  title: string;
  description: string;
  /** PromQL, with Grafana's `$__rate_interval` as given. */
  expression: string;
  /** Grafana's template: `{{backup_target}}`. */
  legend: string;
  /** `timeseries`, `stat`, `table` */
  type: string;
  /** Grafana's unit: `s`, `bytes`, `reqps`, `short`. */
  unit: string;
}

interface Panel {
  type: string;
  title: string;
  description?: string;
  fieldConfig?: { defaults: { unit?: string } };
  targets?: { expr: string; legendFormat: string }[];
}

/** Every query of the chart's dashboard, in the order of its panels. */
export async function dashboardQueries(rateInterval = '2m'): Promise<DashboardQuery[]> {
  const { panels } = JSON.parse(await readFile(DASHBOARD, 'utf8')) as { panels: Panel[] };
  return panels.flatMap(({ type, title, description = '', fieldConfig, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({
      title,
      description,
      expression: expr.replaceAll('$__rate_interval', rateInterval),
      legend: legendFormat,
      type,
      unit: fieldConfig?.defaults.unit ?? 'short',
    })),
  );
}
