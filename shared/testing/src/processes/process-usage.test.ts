import { expect } from 'chai';
import { processUsage } from './process-usage.ts';

describe('processUsage', () => {
  it('reads the same as Node says of itself', async () => {
    const { user, system } = process.cpuUsage();
    const usage = await processUsage(process.pid);
    expect(usage.cpuSeconds).to.be.closeTo((user + system) / 1e6, 0.5);
    expect(usage.residentBytes).to.be.closeTo(process.memoryUsage.rss(), 64 * 1024 * 1024);
    expect(usage.peakResidentBytes).to.be.at.least(usage.residentBytes);
  });
});
