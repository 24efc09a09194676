import { stopCluster } from './stop-cluster.ts';

await stopCluster((line) => {
  process.stderr.write(`${line}\n`);
});
