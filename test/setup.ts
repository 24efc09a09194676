import { endRun } from '@mooring/testing/run-end';

/** Stops the servers that the tests of this run shared. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(30_000);
    await endRun();
  },
};
