import { endRun } from '@mooring/testing/run-end';

/**
 * Under npx, builds the servers' programs before the first test (`npm test` does so in run.ts): from nothing that takes minutes, longer than any
 * hook may. Where mocha is called directly, a file builds them when it first needs one.
 */
export async function mochaGlobalSetup(): Promise<void> {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const { ensureBinaries, binaryNames } = await import('@mooring/testing/binaries');
  await ensureBinaries(binaryNames);
}

/** Stops the servers that the tests of this run shared. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(30_000);
    await endRun();
  },
};
