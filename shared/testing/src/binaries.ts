/** Only the programs: what a script needs that prepares a machine. */
export { ensureBinaries } from './binaries/ensure-binaries.ts';
export { binaryNames } from './binaries/pins.ts';
