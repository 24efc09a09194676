import { parseArgs } from 'node:util';
import { bundleService } from './bundle.ts';

// The Dockerfile's step: node shared/images/src/bundle-main.ts SERVICE FOLDER [--source-map]
const { positionals, values } = parseArgs({ allowPositionals: true, options: { 'source-map': { type: 'boolean' } } });
const [service, folder] = positionals;
if (!service || !folder)
  throw new Error('usage: bundle-main.ts SERVICE FOLDER [--source-map]; give --build-arg SERVICE=…');
await bundleService({ service, folder, hasSourceMap: values['source-map'] === true });
