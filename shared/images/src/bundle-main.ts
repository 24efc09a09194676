import { bundleService } from './bundle.ts';

// The Dockerfile's step: node shared/images/src/bundle-main.ts SERVICE FOLDER
const [service, folder] = process.argv.slice(2);
if (!service || !folder)
  throw new Error('failed to bundle service: none was named; give --build-arg SERVICE=<service>');
await bundleService({ service, folder });
