export { chartValues } from './values/index.ts';
export type { ValueSchema } from './value-schema.ts';
