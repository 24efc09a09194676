/**
 * Flags of Node for whatever moves data (the images start every service with them): with V8's defaults, short-lived objects alone
 * may take 100 MiB more. With these a backup or a restore stays below 256 MiB at 16 workers and blocks of 2 MiB.
 */
export const MOVER_NODE_FLAGS = [
  '--min-semi-space-size=4',
  '--max-semi-space-size=4',
  '--max-old-space-size=512',
] as const;
