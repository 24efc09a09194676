import { systemStoreClock, type StoreClock } from '@mooring/backupstore';

// The wait of the lock protocol; longer ones are refreshes and timeouts, which must not pass.
const CHECK_WAIT_MS = 2_000;

/** The system's clock, but for waits up to the fixed one of the lock protocol, which pass at once. */
export function immediateClock(): StoreClock {
  return {
    ...systemStoreClock,
    sleep: async (ms, signal) => {
      if (ms > CHECK_WAIT_MS) await systemStoreClock.sleep(ms, signal);
    },
  };
}
