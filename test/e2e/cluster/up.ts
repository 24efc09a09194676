import { startCluster } from './start-cluster.ts';

const say = (line: string) => {
  process.stderr.write(`${line}\n`);
};

try {
  const { layout, isNew } = await startCluster(say);
  say(`${isNew ? 'The cluster is up.' : 'The cluster was up already.'} Stop it with: npm run cluster:down`);
  process.stdout.write(`export KUBECONFIG=${layout.kubeconfig} PATH=${layout.bin}:$PATH\n`);
  // Its processes are children of this one, and stay.
  process.exit(0);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
