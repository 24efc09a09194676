/** What is to be stopped when the test run ends. Lean on purpose: the root hook loads it in every run. */
const stops: (() => Promise<void>)[] = [];

/** Calls `stop` when the test run ends (last come, first stopped). */
export function onRunEnd(stop: () => Promise<void>): void {
  stops.push(stop);
}

/** Stops everything that was registered; called by the root hook. Every stop is tried, then the first error is thrown. */
export async function endRun(): Promise<void> {
  const errors: unknown[] = [];
  for (const stop of stops.splice(0).reverse()) {
    await stop().catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw errors[0];
}
