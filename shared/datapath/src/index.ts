/** @mooring/datapath: where a volume's blocks are read from and written to. */
export type * from './engine.ts';
export { DataPathError, datapathErrors, isDataPathError } from './errors.ts';
export type { DataPathErrorCode, DataPathErrorOptions } from './errors.ts';
export { FileDataPath } from './file/file-data-path.ts';
export type { FileSnapshot } from './file/file-data-path.ts';
export { openFileDestination } from './file/file-destination.ts';
export { openFileReader } from './file/file-reader.ts';
