import { expect } from 'chai';
import { metrics, renderMetrics, renderMetricsInPieces } from './metrics.ts';
import { startTelemetry } from './start.ts';
import type { Telemetry } from './start.ts';

describe('metrics', () => {
  let telemetry: Telemetry;
  let early: ReturnType<typeof metrics.counter>;

  before(async () => {
    early = metrics.counter('test_early_total', 'Made before the start', ['operation']);
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
    expect(await valueOf('test_early_total{operation="list"}')).to.equal('2');
    expect(await valueOf('test_early_total{operation="lost"}')).to.equal(undefined);
  });

  it('give the same instrument for the same name', async () => {
    metrics.counter('test_same_total', 'One').add(1);
    metrics.counter('test_same_total', 'One').add(1);
    expect(await valueOf('test_same_total')).to.equal('2');
  });

  it('know gauges that are set', async () => {
    const gauge = metrics.gauge('test_depth', 'Depth', ['lane']);
    gauge.set(5, { lane: 'a' });
    gauge.set(3, { lane: 'a' });
    expect(await valueOf('test_depth{lane="a"}')).to.equal('3');
  });

  it('sort seconds into buckets from milliseconds to minutes', async () => {
    const histogram = metrics.histogram('test_scan_seconds', 'Scan', ['target']);
    for (const seconds of [0.002, 0.3, 400]) histogram.record(seconds, { target: 'default' });
    expect(await valueOf('test_scan_seconds_bucket{target="default",le="0.005"}')).to.equal('1');
    expect(await valueOf('test_scan_seconds_bucket{target="default",le="300"}')).to.equal('2');
    expect(await valueOf('test_scan_seconds_bucket{target="default",le="+Inf"}')).to.equal('3');
    expect(await valueOf('test_scan_seconds_count{target="default"}')).to.equal('3');
  });

  it('read observed values at every scrape and forget those that are gone', async () => {
    let names = ['a', 'b'];
    const stop = metrics.observableGauge('longhorn_backup_state', 'State', () =>
      names.map((backup) => ({ value: 3, labels: { volume: 'v', backup } })),
    );
    expect(await valueOf('longhorn_backup_state{volume="v",backup="b"}')).to.equal('3');
    names = ['a'];
    expect(await valueOf('longhorn_backup_state{volume="v",backup="b"}')).to.equal(undefined);
    stop();
    expect(await renderMetrics()).not.to.include('longhorn_backup_state');
  });

  it('escape label values and help as Prometheus wants', async () => {
    const stop = metrics.observableGauge('test_escape', 'a\\b\nc', () => [{ value: NaN, labels: { name: 'q"\\\n' } }]);
    const text = await renderMetrics();
    expect(text).to.include('# HELP test_escape a\\\\b\\nc\n# TYPE test_escape gauge\n');
    expect(text).to.include('test_escape{name="q\\"\\\\\\n"} NaN\n');
    stop();
  });

  it('answer a scrape although one observation fails', async () => {
    const stop = metrics.observableGauge('test_failing', 'Fails', () => {
      throw new Error('not synced');
    });
    expect(await renderMetrics()).to.include('process_cpu_seconds_total');
    stop();
  });

  it('hand out 60,000 series in small pieces', async () => {
    function* series() {
      for (let index = 0; index < 60_000; index++) yield { value: index, labels: { backup: `backup-${index}` } };
    }
    const stop = metrics.observableGauge('test_many', 'Many', series);
    let largest = 0;
    let lines = 0;
    for await (const piece of renderMetricsInPieces()) {
      largest = Math.max(largest, piece.length);
      lines += piece.split('\n').filter((line) => line.startsWith('test_many{')).length;
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
