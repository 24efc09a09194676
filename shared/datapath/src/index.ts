/** @mooring/datapath: where a volume's blocks are read from and written to. */
export type * from './engine.ts';
export { DataPathError, datapathErrors, isDataPathError } from './errors.ts';
export type { DataPathErrorCode, DataPathErrorOptions } from './errors.ts';
