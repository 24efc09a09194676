import { expect } from 'chai';
import { renderObservables } from './exposition.ts';
import { metrics, renderMetrics, renderMetricsInPieces } from './metrics.ts';
import { startTelemetry } from './start.ts';
import type { Telemetry } from './start.ts';

describe('metrics', () => {
  let telemetry: Telemetry;
  let early: ReturnType<typeof metrics.counter>;

  before(async () => {
    early = metrics.counter('mooring_store_requests_total');
    early.add(1, { operation: 'lost' });
    telemetry = await startTelemetry({ service: 'test', version: '1.2.3' });
  });

  after(() => telemetry.shutdown());

  async function valueOf(series: string): Promise<string | undefined> {
    const line = (await renderMetrics()).split('\n').find((text) => text.startsWith(`${series} `));
    return line?.slice(series.length + 1);
  }

  it('count from the start of telemetry, also when made before', async () => {
    early.add(2, { operation: 'list' });
    expect(await valueOf('mooring_store_requests_total{operation="list"}')).to.equal('2');
    expect(await valueOf('mooring_store_requests_total{operation="lost"}')).to.equal(undefined);
  });

  it('give the same instrument for the same name', async () => {
    metrics.counter('mooring_events_total').add(1);
    metrics.counter('mooring_events_total').add(1);
    expect(await valueOf('mooring_events_total')).to.equal('2');
  });

  it('know gauges that are set', async () => {
    const gauge = metrics.gauge('mooring_workqueue_depth');
    gauge.set(5, { queue: 'a' });
    gauge.set(3, { queue: 'a' });
    expect(await valueOf('mooring_workqueue_depth{queue="a"}')).to.equal('3');
  });

  it('sort seconds into buckets from milliseconds to minutes', async () => {
    const histogram = metrics.histogram('mooring_scan_seconds');
    for (const seconds of [0.002, 0.3, 400]) histogram.record(seconds, { method: 'flat' });
    expect(await valueOf('mooring_scan_seconds_bucket{method="flat",le="0.005"}')).to.equal('1');
    expect(await valueOf('mooring_scan_seconds_bucket{method="flat",le="300"}')).to.equal('2');
    expect(await valueOf('mooring_scan_seconds_bucket{method="flat",le="+Inf"}')).to.equal('3');
    expect(await valueOf('mooring_scan_seconds_count{method="flat"}')).to.equal('3');
  });

  it('read observed values at every scrape and forget those that are gone', async () => {
    let names = ['a', 'b'];
    const stop = metrics.observableGauge('longhorn_backup_state', () =>
      names.map((backup) => ({ value: 3, labels: { volume: 'v', backup } })),
    );
    expect(await valueOf('longhorn_backup_state{volume="v",backup="b"}')).to.equal('3');
    names = ['a'];
    expect(await valueOf('longhorn_backup_state{volume="v",backup="b"}')).to.equal(undefined);
    stop();
    expect(await renderMetrics()).not.to.include('longhorn_backup_state');
  });

  it('escape label values and help as Prometheus wants', () => {
    const read = () => [{ value: NaN, labels: { name: 'q"\\\n' } }];
    const text = [...renderObservables([{ type: 'gauge', name: 'test_escape', help: 'a\\b\nc', read }])].join('');
    expect(text).to.equal(
      '# HELP test_escape a\\\\b\\nc\n# TYPE test_escape gauge\ntest_escape{name="q\\"\\\\\\n"} NaN\n',
    );
  });

  it('answer a scrape although one observation fails', async () => {
    const stop = metrics.observableGauge('mooring_informer_objects', () => {
      throw new Error('not synced');
    });
    expect(await renderMetrics()).to.include('process_cpu_seconds_total');
    stop();
  });

  it('hand out 60,000 series in small pieces', async () => {
    function* series() {
      for (let index = 0; index < 60_000; index++) yield { value: index, labels: { backup: `backup-${index}` } };
    }
    const stop = metrics.observableGauge('longhorn_backup_actual_size_bytes', series);
    let largest = 0;
    let lines = 0;
    for await (const piece of renderMetricsInPieces()) {
      largest = Math.max(largest, piece.length);
      lines += piece.split('\n').filter((line) => line.startsWith('longhorn_backup_actual_size_bytes{')).length;
    }
    stop();
    expect(lines).to.equal(60_000);
    expect(largest).to.be.below(64 * 1024);
  });

  it('say nothing of scopes, resources or the command line', async () => {
    const text = await renderMetrics();
    expect(text).not.to.match(/otel_scope|target_info|process_command/);
    expect(text).not.to.include(process.argv[1]);
    expect(text).to.include('mooring_build_info{service="test",version="1.2.3"} 1');
  });

  it('are valid Prometheus text: a type before each series, a final line end', async () => {
    const text = await renderMetrics();
    expect(text.endsWith('\n')).to.equal(true);
    const typed = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
      expect(line).to.match(/^[a-z_][a-z0-9_]*(\{([a-z_]+="(\\.|[^"\\])*",?)*\})? (NaN|[+-]?Inf|-?\d[\d.e+-]*)$/);
      const name = /^\w+/.exec(line)![0];
      expect([name, name.replace(/_(bucket|sum|count)$/, '')].some((one) => typed.has(one))).to.equal(true);
    }
  });
});
