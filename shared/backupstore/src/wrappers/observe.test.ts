import { renderMetrics, startTelemetry, type Telemetry } from '@mooring/telemetry';
import { expect } from 'chai';
import { countBreaker } from './observe.ts';

describe('the count of open breakers', () => {
  let telemetry: Telemetry;

  before(async () => {
    telemetry = await startTelemetry({ service: 'test', version: '1' });
  });
  after(() => telemetry.shutdown());

  async function open(): Promise<string | undefined> {
    return /^mooring_store_breakers_open\{scheme="azblob"\} (\d+)$/m.exec(await renderMetrics())?.[1];
  }

  it('is there from the first store on, and goes up and down with each', async () => {
    const [one, other] = [countBreaker('azblob'), countBreaker('azblob')];
    expect(await open()).to.equal('0');
    one.changed(true);
    one.changed(true);
    other.changed(true);
    expect(await open()).to.equal('2');
    one.changed(false);
    other.changed(false);
    expect(await open()).to.equal('0');
  });

  it('forgets a store that is closed while its breaker is open, for good', async () => {
    const breaker = countBreaker('azblob');
    breaker.changed(true);
    breaker.forget();
    breaker.changed(true);
    breaker.forget();
    expect(await open()).to.equal('0');
  });
});
